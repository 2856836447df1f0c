import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FactorKind } from '../../../src/core/accounts/factor.ts'
import { aPerson, mailsOf, withRole } from '../../support/people.ts'
import { type ServiceCall, serviceOf } from '../../support/service-keys.ts'
import { aSupabaseUser } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let service: ServiceCall

beforeAll(async () => {
  gateway = await createTestGateway()
  service = await serviceOf(gateway)
})
afterAll(() => gateway.close())

const nobody = '0b9e6c30-0000-4000-8000-000000000000'

async function aFactor(
  userId: string,
  { name = 'phone', kind = 'totp' as FactorKind, counts = true } = {},
): Promise<string> {
  const now = gateway.world.now()
  const id = gateway.world.newId()
  const sealedSecret = gateway.world.vault.seal('factor-secret', 'secret')
  const times = { createdAt: now, activatedAt: counts ? now : undefined, lastStep: undefined }
  await gateway.world.store.insertFactor(
    { id, userId, kind, name, sealedSecret, ...times },
    { token: undefined },
  )
  return id
}

const factorsOf = async (id: string) => (await service('GET', `/admin/users/${id}/factors`)).body

describe('the factors of a user, to a program', () => {
  it('are a bare list, which never holds a secret', async () => {
    const ada = await aSupabaseUser(gateway)
    expect(await factorsOf(ada.id)).toEqual([])
    const id = await aFactor(ada.id)
    await aFactor(ada.id, { kind: 'email', name: 'mail' })
    const { text, body } = await service('GET', `/admin/users/${ada.id}/factors`)
    expect(body).toMatchObject([{ id, friendly_name: 'phone', factor_type: 'totp', status: 'verified' }])
    expect(text).not.toMatch(/secret|sealed/i)
  })

  it('are taken away one by one, and the owner is told of one that counted', async () => {
    const ada = await aSupabaseUser(gateway)
    const id = await aFactor(ada.id)
    const path = `/admin/users/${ada.id}/factors/${id}`
    const { status, body } = await service('DELETE', path)
    expect([status, body]).toMatchObject([200, { id, status: 'verified' }])
    expect(await factorsOf(ada.id)).toEqual([])
    const mails = (await mailsOf(gateway)).filter(({ to }) => to === ada.email)
    expect(mails).toMatchObject([{ kind: 'factor-removed', facts: { factor: 'phone' } }])
    const again = await service('DELETE', path)
    expect([again.status, again.body.code]).toEqual([404, 'mfa_factor_not_found'])
    const begun = await aFactor(ada.id, { counts: false })
    expect((await service('DELETE', `/admin/users/${ada.id}/factors/${begun}`)).body.status).toBe(
      'unverified',
    )
    expect((await mailsOf(gateway)).filter(({ to }) => to === ada.email)).toHaveLength(1)
  })

  it('are called otherwise, and no two of them the same', async () => {
    const ada = await aSupabaseUser(gateway)
    const [one, two] = [await aFactor(ada.id), await aFactor(ada.id, { name: 'tablet' })]
    const rename = (id: string, friendly_name: unknown) =>
      service('PUT', `/admin/users/${ada.id}/factors/${id}`, { json: { friendly_name, phone: '1' } })
    expect((await rename(one, 'old phone')).body).toMatchObject({ id: one, friendly_name: 'old phone' })
    expect((await rename(two, 'old phone')).body.code).toBe('mfa_factor_name_conflict')
    expect((await rename(two, 'tablet')).status).toBe(200)
    for (const name of ['', ' ', 'a\u0000', 'x'.repeat(101), 7]) {
      expect((await rename(one, name)).body.code).toBe('validation_failed')
    }
    expect(await factorsOf(ada.id)).toMatchObject([
      { friendly_name: 'old phone' },
      { friendly_name: 'tablet' },
    ])
  })

  it('are nobody’s else: of another user, of nobody, and what is no id', async () => {
    const [ada, eve] = [await aSupabaseUser(gateway), await aSupabaseUser(gateway)]
    const id = await aFactor(ada.id)
    const ask = async (path: string) => {
      const { status, body } = await service('DELETE', `/admin/users/${path}`)
      return [status, body.code]
    }
    expect(await ask(`${eve.id}/factors/${id}`)).toEqual([404, 'mfa_factor_not_found'])
    expect(await ask(`${nobody}/factors/${id}`)).toEqual([404, 'user_not_found'])
    expect(await ask(`${ada.id}/factors/one`)).toEqual([404, 'validation_failed'])
    expect(await ask(`one/factors/${id}`)).toEqual([404, 'validation_failed'])
    expect((await service('GET', `/admin/users/${nobody}/factors`)).status).toBe(404)
    expect(await factorsOf(ada.id)).toHaveLength(1)
  })

  it('stay with whoever may do more than the program', async () => {
    const admin = await aPerson(gateway)
    await withRole(gateway, admin, ['*'])
    const id = await aFactor(admin.id)
    const { status, body } = await service('DELETE', `/admin/users/${admin.id}/factors/${id}`)
    expect([status, body.code]).toEqual([403, 'not_admin'])
    expect(await factorsOf(admin.id)).toHaveLength(1)
  })
})
