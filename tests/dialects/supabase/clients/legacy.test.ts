import { AuthAdminApi } from '@supabase/auth-js'
import { decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { supabaseStage } from '../../../support/supabase-stage.ts'
import { given, openTab, refusal } from '../../../support/supabase-tabs.ts'

const secret = 'the secret of an installation of long ago'
const bytes = new TextEncoder().encode(secret)
const { privateKey, publicKey } = await generateKeyPair('ES256')
const kid = 'the key of that installation'
const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }

const stage = supabaseStage({
  SUPABASE_JWT_SECRET: secret,
  SUPABASE_JWT_ALG: 'HS256',
  SUPABASE_TRUSTED_JWKS: JSON.stringify({ keys: [jwk] }),
})

/** A key as applications have had it from their dashboard. */
const legacyKey = (role: 'anon' | 'service_role', key = bytes, claims: object = {}) =>
  new SignJWT({ iss: 'supabase', ref: 'abcdefghijkl', role, iat: 1_600_000_000, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(key)

const adminBy = (key: string) =>
  new AuthAdminApi({ url: stage.faceUrl(), headers: { apikey: key, Authorization: `Bearer ${key}` } })

describe('the keys of a former installation', () => {
  it('stay good: the anon key in pages, the service_role key in programs', async () => {
    const person = await stage.person()
    const anon = await legacyKey('anon', bytes, { exp: Math.floor(Date.now() / 1000) + 3600 })
    const tab = openTab(stage.faceUrl(), anon)
    given(await tab.auth.signInWithPassword(person))
    expect(given(await tab.auth.getUser()).user.id).toBe(person.user.id)
    const { users } = given(await adminBy(await legacyKey('service_role')).listUsers())
    expect(users.map(({ id }) => id)).toContain(person.user.id)
  })

  it('signed by a key that the operator trusts are good as well', async () => {
    const key = await new SignJWT({ role: 'service_role' })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
      .sign(privateKey)
    given(await adminBy(key).listUsers())
  })

  it('administer nothing where they are anon, have run out or were signed by somebody else', async () => {
    const past = { exp: Math.floor(Date.now() / 1000) - 60 }
    for (const [key, refused] of [
      [await legacyKey('anon'), [403, 'not_admin']],
      [await legacyKey('service_role', bytes, past), [403, 'bad_jwt']],
      [await legacyKey('service_role', new TextEncoder().encode('x'.repeat(40))), [403, 'bad_jwt']],
    ] as const) {
      expect(refusal(await adminBy(key).listUsers())?.slice(1)).toEqual(refused)
    }
  })
})

describe('tokens of people that are signed with the shared secret', () => {
  it('are read by whoever has it, and the client asks for the user instead of a key', async () => {
    const tab = await stage.signedIn()
    const { access_token: token } = await tab.session()
    expect(decodeProtectedHeader(token).alg).toBe('HS256')
    const { payload } = await jwtVerify(token, bytes, { audience: 'authenticated' })
    expect(payload).toMatchObject({ sub: tab.user.id, role: 'authenticated', aal: 'aal1' })
    const before = tab.calls.length
    expect((await tab.auth.getClaims()).data!.claims.sub).toBe(tab.user.id)
    expect(tab.calls.slice(before)).toEqual(['GET /user'])
    given(await tab.auth.refreshSession())
    given(await tab.auth.updateUser({ data: { theme: 'dark' } }))
  })

  it('that were made by somebody who has the secret open no session that there is not', async () => {
    const { user } = await stage.person()
    const forged = await new SignJWT({ role: 'authenticated', session_id: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(user.id)
      .setAudience('authenticated')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(bytes)
    const { data, error } = await stage.tab().auth.getUser(forged)
    expect([data.user, error?.status]).toEqual([null, expect.any(Number)])
    expect([400, 401, 403]).toContain(error?.status)
  })
})
