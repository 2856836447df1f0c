import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, redirectOf, supabaseGateway } from '../../support/one-time-mails.ts'
import { anAddress } from '../../support/people.ts'
import { aSupabaseUser, claimsIn, supabaseCall } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await supabaseGateway({ redirectUrls: ['https://app.test/**'] })
})

afterAll(async () => {
  await gateway?.close()
})

let sites = 0
const from = () => gateway.comeFrom(`198.51.100.${++sites % 250}`)
const post = (path: string, json: object) => {
  from()
  return supabaseCall(gateway, 'POST', path, { json })
}
const verifier = 'a-verifier-that-only-this-client-knows_of.~1'
const challenges = {
  s256: createHash('sha256').update(verifier).digest('base64url'),
  plain: verifier,
}
type Method = keyof typeof challenges
const challenge = (method: Method) => ({
  code_challenge: challenges[method],
  code_challenge_method: method,
})

/** A code that a mailed link has led to. */
async function codeOf(path = '/otp', method: Method = 's256') {
  const { email } = await aSupabaseUser(gateway)
  await post(`${path}?redirect_to=https://app.test/back`, { email, ...challenge(method) })
  const link = await lastMessage(gateway, path === '/recover' ? 'recovery' : 'magic-link', email)
  from()
  const answer = await gateway.call('GET', link.path)
  return { email, link, answer, code: redirectOf(answer).query['code'] ?? '' }
}

const trade = (code: string, code_verifier = verifier) =>
  post('/token?grant_type=pkce', { auth_code: code, code_verifier })

describe('a link whose client keeps a verifier', () => {
  it.each(['s256', 'plain'] as const)(
    'brings a code that the verifier trades for a session (%s)',
    async (method) => {
      const { answer, email, link, code } = await codeOf('/otp', method)
      expect(link.hash).toMatch(/^pkce_/)
      expect(answer.status).toBe(303)
      const { address, fragment } = redirectOf(answer)
      expect([address, fragment]).toEqual(['https://app.test/back', {}])
      const traded = await trade(code)
      expect(traded.status).toBe(200)
      expect(traded.body.user.email).toBe(email)
      expect(claimsIn(traded.body.access_token).amr).toMatchObject([{ method: 'magiclink' }])
    },
  )

  it('names the way in that it was', async () => {
    const { code } = await codeOf('/recover')
    const recovered = await trade(code)
    expect(claimsIn(recovered.body.access_token).amr).toMatchObject([{ method: 'recovery' }])

    const email = anAddress()
    await post('/signup', { email, password: 'quite a lovely horse', ...challenge('s256') })
    from()
    const { query } = redirectOf(
      await gateway.call('GET', (await lastMessage(gateway, 'sign-up', email)).path),
    )
    const signed = await trade(query['code'] ?? '')
    expect(claimsIn(signed.body.access_token).amr).toMatchObject([{ method: 'email/signup' }])
    expect(signed.body.user.email_confirmed_at).toBeDefined()
  })

  it('is used up by the browser, which has an error in the query and the fragment then', async () => {
    const { link } = await codeOf()
    from()
    const { query, fragment } = redirectOf(await gateway.call('GET', link.path))
    const told = {
      error: 'access_denied',
      error_code: 'otp_expired',
      error_description: 'Email link is invalid or has expired',
    }
    expect(query).toEqual(told)
    expect(fragment).toEqual({ ...told, sb: '' })
  })

  it('signs in at once where its token is shown at POST /verify', async () => {
    const { email } = await aSupabaseUser(gateway)
    await post('/otp', { email, ...challenge('s256') })
    const { hash } = await lastMessage(gateway, 'magic-link', email)
    const answer = await post('/verify', { type: 'magiclink', token_hash: hash })
    expect(answer.status).toBe(200)
    expect(claimsIn(answer.body.access_token).amr).toMatchObject([{ method: 'otp' }])
  })
})

describe('the code of a link', () => {
  it('is for the verifier alone, whose wrong guess does not use it up', async () => {
    const { code } = await codeOf()
    const wrong = await trade(code, `${verifier}x`)
    expect([wrong.status, wrong.body.code]).toEqual([400, 'bad_code_verifier'])
    const byChallenge = await trade(code, challenges.s256)
    expect([byChallenge.status, byChallenge.body.code]).toEqual([400, 'bad_code_verifier'])
    expect((await trade(code)).status).toBe(200)
  })

  it('is traded once, however many ask at once', async () => {
    const { code } = await codeOf()
    const answers = await Promise.all(Array.from({ length: 10 }, () => trade(code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const others = answers.filter(({ status }) => status !== 200)
    expect(others.map(({ body }) => body.code)).toEqual(Array(9).fill('flow_state_not_found'))
  })

  it('is good for five minutes', async () => {
    const [one, other] = [await codeOf(), await codeOf()]
    gateway.pass(299)
    expect((await trade(one.code)).status).toBe(200)
    gateway.pass(1)
    const late = await trade(other.code)
    expect([late.status, late.body.code]).toEqual([422, 'flow_state_expired'])
  })

  it('is no token of a mail, and such a token is no code', async () => {
    const { code } = await codeOf()
    const verify = await post('/verify', { type: 'magiclink', token_hash: code })
    expect([verify.status, verify.body.code]).toEqual([403, 'otp_expired'])
    const { email } = await aSupabaseUser(gateway)
    await post('/otp', { email, ...challenge('s256') })
    const { hash } = await lastMessage(gateway, 'magic-link', email)
    for (const text of [hash, hash.replace('pkce_', ''), 'nonsense']) {
      const answer = await trade(text)
      expect([answer.status, answer.body.code]).toEqual([404, 'flow_state_not_found'])
    }
  })

  it('leads to nobody who is banned meanwhile', async () => {
    const { code, email } = await codeOf()
    const until = new Date(gateway.world.now().getTime() + 60_000).toISOString()
    await gateway.database.query(`update users set banned_until = '${until}' where email = '${email}'`)
    const answer = await trade(code)
    expect([answer.status, answer.body.code]).toEqual([400, 'user_banned'])
  })

  it('is guessed at by no site for long', async () => {
    gateway.comeFrom('203.0.113.60')
    const json = { auth_code: 'nonsense', code_verifier: verifier }
    const guess = () => supabaseCall(gateway, 'POST', '/token?grant_type=pkce', { json })
    for (let count = 0; count < 30; count++) expect((await guess()).status).toBe(404)
    const refused = await guess()
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect(refused.headers.get('retry-after')).toBe('1')
  })

  it.each([{}, { auth_code: 'x' }, { code_verifier: 'x' }])(
    'is asked for with its verifier: %j',
    async (json) => {
      const answer = await post('/token?grant_type=pkce', json)
      expect([answer.status, answer.body.code, answer.body.message]).toEqual([
        400,
        'validation_failed',
        'invalid request: both auth code and code verifier should be non-empty',
      ])
    },
  )
})
