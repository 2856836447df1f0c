import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPerson, type PersonSeen, signedIn } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let builtIn: Readonly<Record<string, string>>

beforeAll(async () => {
  gateway = await createTestGateway()
  admin = await gateway.accessToken()
  const { body } = await roles('GET')
  builtIn = Object.fromEntries(
    body.data.items.map((role: { name: string; id: string }) => [role.name, role.id]),
  )
})
afterAll(() => gateway.close())

let site = 0
const aNewPerson = () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  return aPerson(gateway)
}
let names = 0
const aName = () => `role-${++names}`
const roles = (method: string, path = '', json?: unknown, token = admin) =>
  gateway.call(method, `/api/v1/roles${path}`, { token, json })
const aRole = async (json: object = {}) =>
  (await roles('POST', '', { name: aName(), ...json })).body.data as { id: string; name: string }
const give = (person: PersonSeen, role: string, token = admin) =>
  gateway.call('PATCH', `/api/v1/users/${person.id}`, { token, json: { role } })
/** Somebody who has a role of these permissions, and a token of theirs. */
const somebody = async (permissions: readonly string[]) => {
  const person = await aNewPerson()
  const role = await aRole({ permissions })
  await give(person, role.name)
  const token = (await signedIn(gateway, person)).access
  return { person, role, token }
}
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body?.error?.code ?? ''}`.trim()
const mayReadRoles = async (token: string) => code(await roles('GET', '', undefined, token))

describe('roles', () => {
  it('are created, shown, changed and deleted', async () => {
    const name = aName()
    const created = await roles('POST', '', { name, permissions: ['orders:*', 'orders:*', 'users:read'] })
    expect(created.status).toBe(201)
    expect(created.body.data).toMatchObject({
      name,
      permissions: ['orders:*', 'users:read'],
      second_factor_required: false,
      built_in: false,
    })
    const { id } = created.body.data
    expect((await roles('GET', `/${id}`)).body.data).toEqual(created.body.data)
    const other = { name: aName(), permissions: [], second_factor_required: true }
    expect((await roles('PATCH', `/${id}`, other)).body.data).toMatchObject({ id, ...other })
    expect((await roles('DELETE', `/${id}`)).status).toBe(204)
    expect(code(await roles('GET', `/${id}`))).toBe('404 role_not_found')
    expect(code(await roles('DELETE', `/${id}`))).toBe('404 role_not_found')
  })

  it('are listed in pages, in the order in which they were made', async () => {
    await aRole()
    const first = await roles('GET', '?limit=2')
    const next = await roles('GET', `?limit=200&cursor=${first.body.data.next_cursor}`)
    const rows = await gateway.database.query('select name from role order by created_at, id_role')
    const seen = [...first.body.data.items, ...next.body.data.items]
    expect(first.body.data.items).toHaveLength(2)
    expect(seen.map(({ name }: { name: string }) => name)).toEqual(rows.map((row) => row['name']))
    expect(next.body.data.next_cursor).toBeNull()
  })

  it('have a name each, of which one of twenty who ask at once gets it', async () => {
    const name = aName()
    const asked = await Promise.all(Array.from({ length: 20 }, () => roles('POST', '', { name })))
    expect(asked.map(code).sort()).toEqual(['201', ...Array(19).fill('409 role_name_taken')])
    const { id } = await aRole()
    expect(code(await roles('PATCH', `/${id}`, { name }))).toBe('409 role_name_taken')
  })

  it.each([
    [{ name: 'Admin' }],
    [{ name: 'аdmin' }],
    [{ name: '' }],
    [{ name: 'x', permissions: 'orders:*' }],
    [{ name: 'x', permissions: ['Orders:*'] }],
    [{ name: 'x', permissions: [{}] }],
    [{ name: 'x', built_in: true }],
    [{}],
  ])('refuse %j', async (json) => {
    expect(code(await roles('POST', '', json))).toBe('422 invalid_fields')
  })

  it('ask for a permission to be read, and for another to be written', async () => {
    const reader = await somebody(['roles:read'])
    const { id } = await aRole()
    expect((await roles('GET', `/${id}`, undefined, reader.token)).status).toBe(200)
    for (const [method, path] of [
      ['POST', ''],
      ['PATCH', `/${id}`],
      ['DELETE', `/${id}`],
    ] as const) {
      expect(code(await roles(method, path, { name: 'x' }, reader.token))).toBe(
        '403 insufficient_permissions',
      )
    }
    const nobody = await somebody([])
    expect(await mayReadRoles(nobody.token)).toBe('403 insufficient_permissions')
  })
})

describe('a role that is built in', () => {
  it('can neither be deleted nor renamed', async () => {
    for (const name of ['admin', 'user']) {
      expect(code(await roles('DELETE', `/${builtIn[name]}`))).toBe('409 role_built_in')
      expect(code(await roles('PATCH', `/${builtIn[name]}`, { name: aName() }))).toBe('409 role_built_in')
      expect(code(await roles('PATCH', `/${builtIn[name]}`, { name }))).toBe('200')
    }
  })

  it('keeps all permissions where it is that of administrators', async () => {
    expect(code(await roles('PATCH', `/${builtIn['admin']}`, { permissions: ['orders:*'] }))).toBe(
      '409 role_built_in',
    )
    const factor = await roles('PATCH', `/${builtIn['admin']}`, { second_factor_required: true })
    expect(factor.body.data).toMatchObject({ permissions: ['*'], second_factor_required: true })
    await roles('PATCH', `/${builtIn['admin']}`, { second_factor_required: false })
  })

  it('gives those who register what an operator wants', async () => {
    const changed = await roles('PATCH', `/${builtIn['user']}`, { permissions: ['orders:read'] })
    expect(changed.body.data).toMatchObject({ name: 'user', permissions: ['orders:read'] })
    await roles('PATCH', `/${builtIn['user']}`, { permissions: [] })
  })
})

describe('a role that somebody has', () => {
  it('cannot be deleted until they have another', async () => {
    const { person, role } = await somebody(['orders:read'])
    expect(code(await roles('DELETE', `/${role.id}`))).toBe('409 role_in_use')
    expect((await give(person, 'user')).status).toBe(200)
    expect((await roles('DELETE', `/${role.id}`)).status).toBe(204)
  })

  it('is either given or deleted, when both are tried at once', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, aNewPerson))
    for (const person of people) {
      const role = await aRole()
      const [given, deleted] = await Promise.all([give(person, role.name), roles('DELETE', `/${role.id}`)])
      const ending = `${code(given)} | ${code(deleted)}`
      expect(['200 | 409 role_in_use', '404 role_not_found | 204']).toContain(ending)
    }
  })

  it('counts as nobody’s when they were erased', async () => {
    const { person, role } = await somebody([])
    await gateway.database.query(`update users set erased_at = now() where id_user = '${person.id}'`)
    expect((await roles('DELETE', `/${role.id}`)).status).toBe(204)
  })

  it('takes from the tokens that live, and gives with the next', async () => {
    const { person, role, token } = await somebody(['orders:*', 'roles:read'])
    expect(await mayReadRoles(token)).toBe('200')
    await roles('PATCH', `/${role.id}`, { permissions: ['orders:*'] })
    expect(await mayReadRoles(token)).toBe('403 insufficient_permissions')
    await roles('PATCH', `/${role.id}`, { permissions: ['roles:read', 'users:read'] })
    // What the token has always said counts again; what it never said does not come to it.
    expect(await mayReadRoles(token)).toBe('200')
    expect(code(await gateway.call('GET', '/api/v1/users', { token }))).toBe('403 insufficient_permissions')
    const next = (await signedIn(gateway, person)).access
    expect(code(await gateway.call('GET', '/api/v1/users', { token: next }))).toBe('200')
  })
})

describe('nobody', () => {
  it('creates a role that permits what they do not hold', async () => {
    const { token } = await somebody(['roles:*', 'orders:read'])
    for (const permissions of [['*'], ['orders:*'], ['orders:read', 'users:write']]) {
      const made = await roles('POST', '', { name: aName(), permissions }, token)
      expect(code(made)).toBe('403 permissions_not_held')
    }
    const within = { name: aName(), permissions: ['orders:read', 'roles:read'] }
    expect((await roles('POST', '', within, token)).status).toBe(201)
  })

  it('changes or deletes a role that permits more than they hold, not even to less', async () => {
    const { token, role } = await somebody(['roles:*', 'orders:read'])
    const larger = await aRole({ permissions: ['orders:read', 'payments:*'] })
    for (const json of [
      { permissions: [] },
      { name: aName() },
      { second_factor_required: true },
      { permissions: ['orders:read'] },
    ]) {
      expect(code(await roles('PATCH', `/${larger.id}`, json, token))).toBe('403 permissions_not_held')
    }
    expect(code(await roles('DELETE', `/${larger.id}`, undefined, token))).toBe('403 permissions_not_held')
    expect(code(await roles('PATCH', `/${role.id}`, { permissions: ['*'] }, token))).toBe(
      '403 permissions_not_held',
    )
  })

  it('gives a role that permits more than they hold, neither to others nor to themselves', async () => {
    const { person, token } = await somebody(['users:*', 'orders:read'])
    const other = await aNewPerson()
    expect(code(await give(other, 'admin', token))).toBe('403 permissions_not_held')
    expect(code(await give(person, 'admin', token))).toBe('403 permissions_not_held')
    const within = await aRole({ permissions: ['orders:read'] })
    expect((await give(other, within.name, token)).body.data).toMatchObject({ role: within.name })
  })
})

describe('what was done to a role', () => {
  it('stands in the log, with who did it', async () => {
    const { person, token } = await somebody(['roles:*'])
    const { id } = (await roles('POST', '', { name: aName() }, token)).body.data
    await roles('PATCH', `/${id}`, { permissions: ['roles:read'] }, token)
    await roles('DELETE', `/${id}`, undefined, token)
    const { body } = await gateway.call('GET', `/api/v1/audit?user_id=${person.id}&limit=50`, {
      token: admin,
    })
    expect(
      body.data.items.map(({ kind, target }: { kind: string; target: string }) => [kind, target]),
    ).toEqual(
      expect.arrayContaining([
        ['role.create', id],
        ['role.update', id],
        ['role.delete', id],
      ]),
    )
  })
})
