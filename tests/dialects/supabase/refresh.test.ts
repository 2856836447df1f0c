import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedIn } from '../../support/people.ts'
import { aSupabaseUser, claimsIn, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

const refresh = (token: unknown) =>
  supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', { json: { refresh_token: token } })

const opened = async () => supabaseSession(gateway, await aSupabaseUser(gateway))

/** The refresh tokens of a session, one after the other, the newest last. */
async function rotated(times: number): Promise<readonly string[]> {
  const tokens = [(await opened()).refresh_token]
  for (let time = 0; time < times; time++) tokens.push((await refresh(tokens.at(-1))).body.refresh_token)
  return tokens
}

describe('the refresh grant', () => {
  it('replaces the token, and the session goes on', async () => {
    const before = await opened()
    gateway.pass(60)
    const { status, body } = await refresh(before.refresh_token)
    expect(status).toBe(200)
    expect(body.refresh_token).not.toBe(before.refresh_token)
    const [old, young] = [claimsIn(before.access_token), claimsIn(body.access_token)]
    expect([young.session_id, young.exp]).toEqual([old.session_id, old.exp + 60])
    expect(young.amr).toEqual(old.amr)
  })

  it('gives the same successor to all who show one token, at any time', async () => {
    const [first = '', second] = await rotated(1)
    const answers = await Promise.all([refresh(first), refresh(first), refresh(first)])
    expect(new Set(answers.map(({ body }) => body.refresh_token))).toEqual(new Set([second]))
    gateway.pass(3600)
    expect((await refresh(first)).body.refresh_token).toBe(second)
  })

  it('leads an older token to the current one for ten seconds after the last rotation', async () => {
    const tokens = await rotated(3)
    gateway.pass(9)
    for (const token of tokens) {
      const { status, body } = await refresh(token === tokens.at(-1) ? tokens[0] : token)
      expect([status, body.refresh_token]).toEqual([200, tokens.at(-1)])
    }
  })

  it('ends the session for one that is older than that', async () => {
    const tokens = await rotated(2)
    gateway.pass(10)
    const late = await refresh(tokens[0])
    expect([late.status, late.body.code]).toEqual([400, 'refresh_token_already_used'])
    expect(late.body.message).toBe('Invalid Refresh Token: Already Used')
    const current = await refresh(tokens.at(-1))
    expect([current.status, current.body.code]).toEqual([400, 'refresh_token_not_found'])
  })

  it('has no such patience with sessions of the native face', async () => {
    const ada = await aSupabaseUser(gateway)
    const first = (await signedIn(gateway, ada)).refresh
    const next = async (token: string) =>
      (await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: token } })).body.data?.refresh
    const third = await next(await next(first))
    expect(third).toMatch(/^grt_/)
    expect(await next(first)).toBeUndefined()
    expect(await next(third)).toBeUndefined()
  })

  it('answers in the words of the face that opened the session', async () => {
    const ada = await aSupabaseUser(gateway)
    const json = { refresh: (await supabaseSession(gateway, ada)).refresh_token }
    const { body } = await gateway.call('POST', '/api/v1/auth/refresh', { json })
    expect(claimsIn(body.data.access)).toMatchObject({ aud: 'authenticated', aal: 'aal1' })
    const { refresh: native } = await signedIn(gateway, ada)
    expect(claimsIn((await refresh(native)).body.access_token)).toMatchObject({ aal: 1 })
  })

  it.each([
    [undefined, 'validation_failed'],
    ['', 'validation_failed'],
    [null, 'validation_failed'],
    [7, 'validation_failed'],
    ['nothing of ours', 'refresh_token_not_found'],
    ['grt_\u0000', 'refresh_token_not_found'],
  ])('refuses %j', async (token, code) => {
    const { status, body } = await refresh(token)
    expect([status, body.code]).toEqual([400, code])
  })

  it('goes on for as long as somebody refreshes, and ends when nobody has for the idle time', async () => {
    const supabase = { ...testPolicy.supabase, idleTtlSeconds: 86_400 }
    const brief = await createTestGateway({ policy: { supabase } })
    try {
      const ask = (token: string) =>
        supabaseCall(brief, 'POST', '/token?grant_type=refresh_token', { json: { refresh_token: token } })
      let { refresh_token: token } = await supabaseSession(brief, await aSupabaseUser(brief))
      for (let day = 0; day < 3; day++) {
        brief.pass(86_399)
        const { status, body } = await ask(token)
        expect(status).toBe(200)
        token = body.refresh_token
      }
      brief.pass(86_401)
      const { status, body } = await ask(token)
      expect([status, body.code]).toEqual([400, 'session_expired'])
    } finally {
      await brief.close()
    }
  })
})

describe('the sign-out', () => {
  const user = (token: string) => supabaseCall(gateway, 'GET', '/user', { token })
  const logout = (token: string, query = '') => supabaseCall(gateway, 'POST', `/logout${query}`, { token })

  it('answers nothing, and ends every session of the user unless it is told otherwise', async () => {
    const ada = await aSupabaseUser(gateway)
    const [one, other] = [await supabaseSession(gateway, ada), await supabaseSession(gateway, ada)]
    const { status, text, headers } = await logout(one.access_token)
    expect([status, text, headers.get('content-type')]).toEqual([204, '', null])
    for (const { access_token: token } of [one, other]) {
      const asked = await user(token)
      expect([asked.status, asked.body.code]).toEqual([403, 'session_not_found'])
    }
    expect((await refresh(one.refresh_token)).body.code).toBe('refresh_token_not_found')
  })

  it('ends this session alone, or the others alone', async () => {
    const ada = await aSupabaseUser(gateway)
    const [one, two, three] = [
      await supabaseSession(gateway, ada),
      await supabaseSession(gateway, ada),
      await supabaseSession(gateway, ada),
    ]
    const states = async () =>
      Promise.all([one, two, three].map(async (session) => (await user(session.access_token)).status))
    expect((await logout(one.access_token, '?scope=local')).status).toBe(204)
    expect(await states()).toEqual([403, 200, 200])
    expect((await logout(two.access_token, '?scope=others')).status).toBe(204)
    expect(await states()).toEqual([403, 200, 403])
    const odd = await logout(two.access_token, '?scope=elsewhere')
    expect([odd.status, odd.body.code]).toEqual([400, 'validation_failed'])
    expect(await states()).toEqual([403, 200, 403])
  })
})
