import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, type PersonSeen, signedIn, withRole } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway | undefined
let token: string

beforeEach(async () => {
  await gateway?.close()
  gateway = await createTestGateway()
  token = await gateway.accessToken()
})
afterAll(() => gateway?.close())

const at = () => gateway as TestGateway
const users = (method: string, path: string, json?: unknown, by = token) =>
  at().call(method, `/api/v1/users${path}`, { token: by, json })
const code = ({ status, body }: { status: number; body: { error?: { code: string } } }) =>
  `${status} ${body?.error?.code ?? ''}`.trim()
let site = 0
const anAdmin = async () => {
  at().comeFrom(`203.0.113.${++site}`)
  const person = await aPerson(at())
  await users('PATCH', `/${person.id}`, { role: 'admin' })
  return person
}
const removals = {
  disabled: ({ id }: PersonSeen) => users('POST', `/${id}/disable`),
  deleted: ({ id }: PersonSeen) => users('DELETE', `/${id}`),
  demoted: ({ id }: PersonSeen) => users('PATCH', `/${id}`, { role: 'user' }),
}

describe('the last administrator', () => {
  it.each(Object.entries(removals))('cannot be %s', async (_, remove) => {
    const last = await anAdmin()
    expect(code(await remove(last))).toBe('409 last_admin')
    const other = await anAdmin()
    expect((await remove(last)).status).toBeLessThan(300)
    expect(code(await remove(other))).toBe('409 last_admin')
  })

  it('is not somebody who is disabled, deleted, or has never set a password', async () => {
    const last = await anAdmin()
    const [disabled, deleted] = [await anAdmin(), await anAdmin()]
    await removals.disabled(disabled)
    await removals.deleted(deleted)
    const invited = await users('POST', '/invite', { email: 'invited@example.com', role: 'admin' })
    expect(code(await removals.demoted(last))).toBe('409 last_admin')
    // Who does not count can go.
    expect(code(await removals.demoted(disabled))).toBe('200')
    expect(code(await users('DELETE', `/${invited.body.data.id}`))).toBe('204')
  })

  it('is not somebody who is banned, until the ban is over', async () => {
    const [last, banned] = [await anAdmin(), await anAdmin()]
    const until = new Date(at().world.now().getTime() + 3_600_000)
    await at().database.query('update users set banned_until = $1 where id_user = $2', [until, banned.id])
    expect(code(await removals.disabled(last))).toBe('409 last_admin')
    at().pass(3599)
    token = await at().accessToken()
    expect(code(await removals.disabled(last))).toBe('409 last_admin')
    at().pass(1)
    expect((await removals.disabled(last)).status).toBeLessThan(300)
  })

  it('keeps all other ways to be changed', async () => {
    const last = await anAdmin()
    for (const json of [{ name: 'Ada' }, { role: 'admin' }]) {
      expect(code(await users('PATCH', `/${last.id}`, json))).toBe('200')
    }
    expect(code(await users('POST', `/${last.id}/password-reset`))).toBe('200')
  })

  it.each(
    Object.keys(removals).flatMap((one, index) =>
      Object.keys(removals)
        .slice(index)
        .map((other) => [one, other] as const),
    ),
  )('is left over where of two one is %s and the other %s at once', async (one, other) => {
    const [first, second] = [await anAdmin(), await anAdmin()]
    const ways: Readonly<Record<string, (typeof removals)['disabled']>> = removals
    const answers = await Promise.all([ways[one]!(first), ways[other]!(second)])
    expect(answers.filter((answer) => code(answer) === '409 last_admin')).toHaveLength(1)
    const left = await at().database.query(
      `select id_user from users join role on role.id_role = users.role_id
       where role.name = 'admin' and disabled_at is null and deleted_at is null`,
    )
    expect(left).toHaveLength(1)
  })
})

describe('an administrator of less than everything', () => {
  it('cannot act on somebody whose role permits what they lack', async () => {
    const helper = await anAdmin()
    await anAdmin()
    await withRole(at(), helper, ['users:*', 'orders:read'])
    const by = (await signedIn(at(), helper)).access
    const boss = await anAdmin()
    const clerk = await aPerson(at())
    await withRole(at(), clerk, ['orders:read'])
    const acts = [
      ['PATCH', '', { name: 'x' }],
      ['PATCH', '', { role: 'user' }],
      ['POST', '/disable', undefined],
      ['POST', '/enable', undefined],
      ['POST', '/restore', undefined],
      ['POST', '/password-reset', undefined],
      ['DELETE', '/sessions', undefined],
      ['DELETE', '', undefined],
    ] as const
    for (const [method, path, json] of acts) {
      const answer = await users(method, `/${boss.id}${path}`, json, by)
      expect([method, path, code(answer)]).toEqual([method, path, '403 permissions_not_held'])
    }
    expect(code(await users('PATCH', `/${clerk.id}`, { name: 'x' }, by))).toBe('200')
    expect(code(await users('DELETE', `/${clerk.id}`, undefined, by))).toBe('204')
    const invited = await users('POST', '/invite', { email: 'new@example.com', role: 'admin' }, by)
    expect(code(invited)).toBe('403 permissions_not_held')
    const made = await users('POST', '', { email: 'new@example.com', role: 'admin' }, by)
    expect(code(made)).toBe('403 permissions_not_held')
  })
})
