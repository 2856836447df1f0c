import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prune, whereClocksAgree } from '../../src/core/prune.ts'
import { syncRevocations } from '../../src/runtime/synchronize.ts'
import { claimsOf } from '../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const YEAR = 365 * 86_400

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

const exchange = async () =>
  (await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: gateway.adminKey } })).body.data
const refresh = async (token: string) =>
  (await gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: token } })).body
const me = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status

describe('a clock that ran ahead', () => {
  // Ten years ahead a refresh token was made that would have been good for ten years and a week.
  it('leaves no refresh token that is good until then', async () => {
    gateway.passUnheard(10 * YEAR)
    const { refresh: token } = await exchange()
    gateway.passUnheard(-10 * YEAR)
    expect((await refresh(token)).error.code).toBe('refresh_token_expired')
  })

  it('leaves a refresh token that has no more than a year left as it is', async () => {
    gateway.passUnheard(YEAR - 7 * 86_400)
    const { refresh: token } = await exchange()
    gateway.passUnheard(-(YEAR - 7 * 86_400))
    expect((await refresh(token)).data.access).toEqual(expect.any(String))
  })

  // Ahead, the revocation was forgotten as over, and only those of the last minute were read again.
  it('brings no token back that was revoked before', async () => {
    const admin: string = (await exchange()).access
    const { access } = await exchange()
    await gateway.call('DELETE', `/api/v1/sessions/${claimsOf(access)['sid']}`, { token: admin })
    gateway.passUnheard(300)
    await syncRevocations(gateway.world, gateway.memory)
    expect(await me(access)).toBe(401)
    gateway.passUnheard(10 * YEAR)
    await syncRevocations(gateway.world, gateway.memory)
    gateway.passUnheard(-10 * YEAR)
    await syncRevocations(gateway.world, gateway.memory)
    expect(await me(access)).toBe(401)
    expect(await me(admin)).toBe(200)
  })

  // A call that came before the poll let it believe that nothing but the last minute was to be read.
  it('brings none back though a call comes before anything is read again', async () => {
    const admin: string = (await exchange()).access
    const { access } = await exchange()
    await gateway.call('DELETE', `/api/v1/sessions/${claimsOf(access)['sid']}`, { token: admin })
    gateway.passUnheard(300)
    await syncRevocations(gateway.world, gateway.memory)
    gateway.passUnheard(10 * YEAR)
    await syncRevocations(gateway.world, gateway.memory)
    gateway.passUnheard(-10 * YEAR)
    expect(await me(admin)).toBe(200)
    await syncRevocations(gateway.world, gateway.memory)
    expect(await me(access)).toBe(401)
  })

  it('does not have the last word when it is set right while the store is asked', async () => {
    const admin: string = (await exchange()).access
    const { access } = await exchange()
    await gateway.call('DELETE', `/api/v1/sessions/${claimsOf(access)['sid']}`, { token: admin })
    gateway.passUnheard(10 * YEAR)
    const asked = syncRevocations(gateway.world, gateway.memory)
    gateway.passUnheard(-10 * YEAR)
    await asked
    expect(await me(access)).toBe(401)
  })

  // What is over by then would have been deleted for good: sessions, revocations, the audit log.
  it('deletes nothing for its age while the database knows better', async () => {
    const { world, database } = gateway
    const rows = () =>
      database.query('select (select count(*) from sessions) + (select count(*) from audit_events) as n')
    const aheadMs = () => world.now().getTime() - Date.now()
    gateway.passUnheard(-aheadMs() / 1000)
    await exchange()
    const before = await rows()
    gateway.passUnheard(10 * YEAR)
    await expect(whereClocksAgree(world, () => prune(world))).rejects.toThrow(/clocks .* \d+ seconds apart/)
    expect(await rows()).toEqual(before)
    gateway.passUnheard(-10 * YEAR)
    expect(await whereClocksAgree(world, () => prune(world))).toBe(1)
  })
})
