import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claimsOf } from '../../support/oauth.ts'
import { aPassword, aPerson, type PersonSeen } from '../../support/people.ts'
import { withApp } from '../../support/second-factor.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let ada: PersonSeen
beforeAll(async () => {
  gateway = await createTestGateway()
  ada = await aPerson(gateway, { username: 'ada', name: 'Ada', surname: 'Lovelace' })
})
afterAll(() => gateway.close())

let site = 0
beforeEach(() => gateway.comeFrom(`198.51.100.${++site}`))

const login = (identifier: string, password: string) =>
  gateway.call('POST', '/auth/login', { json: { identifier, password } })
const loginByForm = (form: Record<string, string> | string) => gateway.call('POST', '/auth/login', { form })
const me = (token?: string) => gateway.call('GET', '/auth/me', { token })
const refresh = (refresh_token: unknown) => gateway.call('POST', '/auth/refresh', { json: { refresh_token } })

const tokensOf = async (identifier = ada.email) => {
  const { status, body } = await login(identifier, aPassword)
  expect(status).toBe(200)
  return body as { access_token: string; refresh_token: string; token_type: string }
}

describe('POST /auth/login', () => {
  it('takes the address or the user name, and answers tokens alone', async () => {
    for (const identifier of [ada.email, 'ada', 'ADA', ada.email.toUpperCase()]) {
      const tokens = await tokensOf(identifier)
      expect(tokens).toEqual({
        access_token: expect.stringMatching(/^eyJ/),
        refresh_token: expect.stringMatching(/^grt_/),
        token_type: 'bearer',
      })
      expect(claimsOf(tokens.access_token)['sub']).toBe(ada.id)
    }
  })

  it('takes the form that a password flow of OAuth 2 sends', async () => {
    const bare = await loginByForm({ username: 'ada', password: aPassword })
    const full = await loginByForm({
      grant_type: 'password',
      username: ada.email,
      password: aPassword,
      scope: '',
      client_id: '',
      client_secret: '',
    })
    expect([bare.status, full.status, full.body.token_type]).toEqual([200, 200, 'bearer'])
  })

  it.each([
    [{ username: 'ada' }, ['body', 'password'], 'missing'],
    [{ password: aPassword }, ['body', 'username'], 'missing'],
    [{ username: 'ada', password: '' }, ['body', 'password'], 'missing'],
    [
      { username: 'ada', password: aPassword, grant_type: 'client_credentials' },
      ['body', 'grant_type'],
      'string_pattern_mismatch',
    ],
    ['username=ada&username=eve&password=x', ['body'], 'value_error'],
    ['username=%zz&password=x', ['body'], 'value_error'],
  ])('refuses the form %j', async (form, loc, type) => {
    const { status, body } = await loginByForm(form)
    expect([status, body.detail]).toEqual([422, [{ loc, msg: expect.any(String), type }]])
  })

  it('answers nobody and a wrong password alike, with a challenge', async () => {
    const answers = [await login('nobody', aPassword), await login(ada.email, 'not the password of ada')]
    for (const { status, body, headers } of answers) {
      expect([status, body]).toEqual([401, { detail: 'Incorrect identifier or password' }])
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
  })

  it('makes whoever guesses wait, and says how long', async () => {
    for (let times = 0; times < 5; times++) expect((await login('guessed', 'wrong')).status).toBe(401)
    const { status, body, headers } = await login('guessed', 'wrong')
    expect([status, body, headers.get('retry-after')]).toEqual([
      429,
      { detail: 'Too many failed attempts' },
      '1',
    ])
  })

  it('refuses whoever has a second factor, since this face cannot ask for it', async () => {
    const grace = await aPerson(gateway)
    const { access_token } = await tokensOf(grace.email)
    await withApp(gateway, grace, access_token)
    const { status, body } = await login(grace.email, aPassword)
    expect([status, body]).toEqual([403, { detail: 'Second factor required' }])
    // A stranger learns nothing of it.
    expect((await login(grace.email, 'not the password')).status).toBe(401)
    expect((await me(access_token)).status).toBe(200)
  })

  it('refuses an account that is disabled, and its tokens', async () => {
    const eve = await aPerson(gateway)
    const { access_token, refresh_token } = await tokensOf(eve.email)
    const token = await gateway.accessToken()
    await gateway.call('POST', `/api/v1/users/${eve.id}/disable`, { token })
    for (const answer of [await login(eve.email, aPassword), await refresh(refresh_token)]) {
      expect([answer.status, typeof answer.body.detail]).toEqual([401, 'string'])
    }
    const { status, headers } = await me(access_token)
    expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer/)])
  })
})

describe('POST /auth/refresh', () => {
  it('rotates, and the access token of before lives on to its end', async () => {
    const first = await tokensOf()
    gateway.pass(60)
    const { status, body } = await refresh(first.refresh_token)
    expect([status, Object.keys(body).sort()]).toEqual([200, ['access_token', 'refresh_token', 'token_type']])
    expect(body.refresh_token).not.toBe(first.refresh_token)
    expect((await me(first.access_token)).status).toBe(200)
    gateway.pass(1800 - 60 + 5)
    const dead = await me(first.access_token)
    expect([dead.status, dead.body]).toEqual([401, { detail: 'Token expired' }])
    expect((await me(body.access_token)).status).toBe(200)
  })

  it('gives all who show one token at once the same successor', async () => {
    const { refresh_token } = await tokensOf()
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(refresh_token)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
  })

  it('ends the session when a token comes that was replaced twice', async () => {
    const { access_token, refresh_token } = await tokensOf()
    const second = (await refresh(refresh_token)).body.refresh_token
    const third = (await refresh(second)).body
    const { status, body } = await refresh(refresh_token)
    expect([status, body]).toEqual([401, { detail: 'Refresh token already used: the session has ended' }])
    expect((await refresh(third.refresh_token)).body).toEqual({ detail: 'Session ended' })
    expect([(await me(access_token)).status, (await me(third.access_token)).status]).toEqual([401, 401])
  })

  it('keeps to the week that began with the sign-in', async () => {
    let { refresh_token } = await tokensOf()
    gateway.pass(604_800 - 60)
    const late = await refresh(refresh_token)
    expect(late.status).toBe(200)
    refresh_token = late.body.refresh_token
    gateway.pass(60)
    const over = await refresh(refresh_token)
    expect([over.status, over.body]).toEqual([401, { detail: 'Refresh token expired' }])
  })

  it.each([
    [undefined, 422],
    [7, 422],
    ['', 401],
    ['grt_made_up', 401],
  ])('refuses %j', async (token, status) => {
    const answer = await refresh(token)
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.body).toEqual({ detail: 'Invalid refresh token' })
    else expect(answer.body.detail[0].loc).toEqual(['body', 'refresh_token'])
  })
})

describe('GET /auth/me', () => {
  it('answers the same id at every sign-in, and at the native face', async () => {
    const [first, second] = [await tokensOf(), await tokensOf('ada')]
    const ids = [await me(first.access_token), await me(second.access_token)].map(({ body }) => body.id)
    const native = await gateway.call('GET', '/api/v1/me', { token: first.access_token })
    expect([...ids, native.body.data.user.id]).toEqual([ada.id, ada.id, ada.id])
  })

  it.each([
    [undefined, 'Not authenticated'],
    ['a.b.c', 'Could not validate credentials'],
  ])('with the token %j is a 401 with a challenge', async (token, detail) => {
    const { status, body, headers } = await me(token)
    expect([status, body]).toEqual([401, { detail }])
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  it('is not for machines', async () => {
    const { status, body } = await me(await gateway.accessToken())
    expect([status, body]).toEqual([403, { detail: 'Only for people who have signed in' }])
  })
})

describe('POST /auth/logout', () => {
  it('ends this session with all its tokens, and no other', async () => {
    const [here, elsewhere] = [await tokensOf(), await tokensOf()]
    const { status, body } = await gateway.call('POST', '/auth/logout', { token: here.access_token })
    expect([status, body]).toEqual([200, { detail: 'Signed out' }])
    expect([(await me(here.access_token)).status, (await refresh(here.refresh_token)).status]).toEqual([
      401, 401,
    ])
    expect((await me(elsewhere.access_token)).status).toBe(200)
  })

  it('needs the token', async () => {
    const { status, body } = await gateway.call('POST', '/auth/logout')
    expect([status, body]).toEqual([401, { detail: 'Not authenticated' }])
  })
})

describe('a session that an administrator ends', () => {
  it('is out at the next call', async () => {
    const eve = await aPerson(gateway)
    const { access_token, refresh_token } = await tokensOf(eve.email)
    const token = await gateway.accessToken()
    expect((await gateway.call('DELETE', `/api/v1/users/${eve.id}/sessions`, { token })).status).toBeLessThan(
      300,
    )
    expect([(await me(access_token)).status, (await refresh(refresh_token)).status]).toEqual([401, 401])
  })
})
