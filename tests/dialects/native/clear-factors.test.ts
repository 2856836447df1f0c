import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, mailsOf, type PersonSeen, signedIn, withRole } from '../../support/people.ts'
import { type AppSeen, appCode, challengeOf, complete, withApp } from '../../support/second-factor.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let ada: PersonSeen
let app: AppSeen
let access: string

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  access = (await signedIn(gateway, ada)).access
  app = await withApp(gateway, ada, access)
  admin = await gateway.accessToken()
})

const clear = async (id = ada.id, token = admin) => {
  const { status, body } = await gateway.call('DELETE', `/api/v1/users/${id}/factors`, { token })
  return `${status} ${body?.error?.code ?? ''}`.trim()
}
const login = (json: object = { identifier: ada.email, password: ada.password }) =>
  gateway.call('POST', '/api/v1/auth/login', { json })
const countOf = async (table: 'factors' | 'recovery_codes') =>
  (await gateway.database.query(`select 1 from ${table} where user_id = '${ada.id}'`)).length
const removalsTold = async () =>
  (await mailsOf(gateway)).filter(({ kind, to }) => kind === 'factor-removed' && to === ada.email)

describe('the second factors of somebody who lost them', () => {
  it('are taken away with the recovery codes: sessions end, the owner is told, the password is enough', async () => {
    const challenge = await challengeOf(gateway, ada)
    await gateway.call('POST', '/api/v1/me/factors/email', {
      token: access,
      json: { password: ada.password, code: app.recoveryCodes[0] },
    })
    expect(await clear()).toBe('204')
    expect([await countOf('factors'), await countOf('recovery_codes')]).toEqual([0, 0])
    expect((await gateway.call('GET', '/api/v1/me', { token: access })).body.error.code).toBe('token_revoked')
    expect(await removalsTold()).toMatchObject([{ facts: { factor: 'Authenticator app' } }])
    const late = await complete(gateway, { challenge, code: appCode(gateway, app.secret) })
    expect(late.body.error.code).toBe('invalid_challenge')
    const again = await login()
    expect([again.status, again.body.data.access]).toEqual([200, expect.any(String)])
    const setUpAgain = await withApp(gateway, ada, again.body.data.access)
    expect(setUpAgain.recoveryCodes).toHaveLength(10)
  })

  it('are told of in the audit log', async () => {
    await clear()
    const [told] = await gateway.database.query(
      `select kind from audit_events where target = '${ada.id}' and kind like 'user.clear%'`,
    )
    expect(told).toEqual({ kind: 'user.clear-factors' })
  })

  it('are taken away once: the same again ends and tells nothing', async () => {
    await clear()
    const { access: later } = await signedIn(gateway, ada)
    expect(await clear()).toBe('204')
    expect((await gateway.call('GET', '/api/v1/me', { token: later })).status).toBe(200)
    expect(await removalsTold()).toHaveLength(1)
  })

  it('stay where the role of their owner permits more than whoever asks', async () => {
    const helper = await aPerson(gateway)
    await withRole(gateway, helper, ['users:*'])
    const helping = (await signedIn(gateway, helper)).access
    await withRole(gateway, ada, ['orders:read'])
    expect(await clear(ada.id, helping)).toBe('403 permissions_not_held')
    expect(await countOf('factors')).toBe(1)
    await withRole(gateway, ada, ['users:read'])
    expect(await clear(ada.id, helping)).toBe('204')
  })

  it('are not taken away by their owner as an administrator, nor by a key of theirs', async () => {
    const client = await gateway.call('POST', '/api/v1/clients', {
      token: admin,
      json: { name: `bot ${site}`, permissions: ['*'], owner_id: ada.id },
    })
    const { api_key: key } = (
      await gateway.call('POST', `/api/v1/clients/${client.body.data.id}/keys`, {
        token: admin,
        json: { name: 'bot' },
      })
    ).body.data
    await withRole(gateway, ada, ['users:*'])
    const token = await gateway.accessToken(key)
    const own = (
      await complete(gateway, {
        challenge: await challengeOf(gateway, ada),
        code: appCode(gateway, app.secret),
      })
    ).body.data.access
    for (const by of [own, token]) expect(await clear(ada.id, by)).toBe('409 not_on_oneself')
    expect(await countOf('factors')).toBe(1)
    const bob = await aPerson(gateway)
    expect([await clear(bob.id, own), await clear(bob.id, token)]).toEqual(['204', '204'])
  })

  it('are none of somebody who is not there, or who was deleted', async () => {
    expect(await clear(crypto.randomUUID())).toBe('404 user_not_found')
    await gateway.call('DELETE', `/api/v1/users/${ada.id}`, { token: admin })
    expect(await clear()).toBe('409 user_not_current')
  })
})
