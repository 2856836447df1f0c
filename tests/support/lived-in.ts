import { decodeJwt } from 'jose'
import { TOTP } from 'otpauth'
import { expect } from 'vitest'
import { type Call, call } from './call.ts'

/** What works and what does not at an installation, wherever its data goes. */
export interface LivedIn {
  readonly adminKey: string
  readonly liveKey: string
  readonly revokedKey: string
  readonly refresh: string
  /** Of a session that was ended. */
  readonly endedRefresh: string
  /** Undefined where there are machines alone. */
  readonly person: PersonThere | undefined
}

export interface PersonThere {
  readonly email: string
  readonly password: string
  /** Of their authenticator app. */
  readonly secret: string
  readonly refresh: string
}

/** Calls the native face of a gateway; what does not succeed throws. */
export function caller(url: string) {
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever an answer holds
  return async (method: string, path: string, options?: Call): Promise<any> => {
    const answer = await call(method, `${url}/api/v1${path}`, options)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body?.data
  }
}

export type Tokens = { readonly access: string; readonly refresh: string }

export const exchange = (url: string, apiKey: string): Promise<Tokens> =>
  caller(url)('POST', '/auth/token/', { json: { apiKey } })

const codeOf = (secret: string, steps: number) =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 })

/** Does at a fresh gateway what leaves something in most tables. */
export async function liveIn(url: string, adminKey: string): Promise<LivedIn> {
  const get = caller(url)
  const { access: token } = await exchange(url, adminKey)
  const client = await get('POST', '/clients', { token, json: { name: 'billing', permissions: ['a:read'] } })
  const key = async (name: string) =>
    get('POST', `/clients/${client.id}/keys`, {
      token,
      headers: { 'Idempotency-Key': `the key ${name}` },
      json: {
        name,
        metadata: { note: 'a line\nand "another"\u2028 \\ 🔑' },
        rate_limit: { limit: 1_000_000, window_seconds: 60 },
        quota: 1_000_000,
      },
    })
  const [live, revoked] = [await key('live'), await key('revoked')]
  await exchange(url, revoked.api_key)
  await get('POST', `/keys/${revoked.id}/revoke`, { token, json: { reason: 'left in a bus' } })
  const kept = await exchange(url, live.api_key)
  const ended = await exchange(url, live.api_key)
  await get('DELETE', `/sessions/${decodeJwt(ended.access)['sid']}`, { token })
  return {
    adminKey,
    liveKey: live.api_key,
    revokedKey: revoked.api_key,
    refresh: kept.refresh,
    endedRefresh: ended.refresh,
    person: await aPersonLivesIn(url, adminKey),
  }
}

async function aPersonLivesIn(url: string, adminKey: string): Promise<PersonThere> {
  const get = caller(url)
  const { access: token } = await exchange(url, adminKey)
  const email = 'ada@people.test'
  const password = 'the canary analytical engine'
  await get('POST', '/users', { token, json: { email, password, name: 'Ada', email_confirmed: true } })
  const first = await get('POST', '/auth/login', { json: { identifier: email, password } })
  const app = await get('POST', '/me/factors/totp', { token: first.access, json: { password } })
  // Of the step before: those that follow are for whoever signs in later.
  const json = { code: codeOf(app.secret, -1) }
  await get('POST', `/me/factors/${app.id}/activate`, { token: first.access, json })
  return { email, password, secret: app.secret, refresh: first.refresh }
}

/** All of it at another gateway that has the data: keys, tokens and people are what they were. */
export async function expectLivedIn(url: string, lived: LivedIn): Promise<void> {
  const get = caller(url)
  const post = (path: string, json: object) => call('POST', `${url}/api/v1${path}`, { json })
  await exchange(url, lived.adminKey)
  await exchange(url, lived.liveKey)
  const revoked = await post('/auth/token/', { apiKey: lived.revokedKey })
  expect([revoked.status, revoked.body.error.code]).toEqual([401, 'api_key_revoked'])

  const renewed = await get('POST', '/auth/token/refresh/', { json: { refresh: lived.refresh } })
  expect((await get('GET', '/me', { token: renewed.access })).permissions).toEqual(['a:read'])
  expect((await post('/auth/token/refresh/', { refresh: lived.endedRefresh })).status).toBe(401)

  if (lived.person === undefined) return
  const { email, password, secret } = lived.person
  const asked = await get('POST', '/auth/login', { json: { identifier: email, password } })
  const { challenge } = asked.second_factor
  const json = { challenge, method: 'totp', code: codeOf(secret, 1) }
  const signedIn = await get('POST', '/auth/login/second-factor', { json })
  expect((await get('GET', '/me', { token: signedIn.access })).user.email).toBe(email)
}
