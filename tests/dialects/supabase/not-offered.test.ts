import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await createTestGateway()
  token = (await supabaseSession(gateway, await aSupabaseUser(gateway))).access_token
})
afterAll(() => gateway.close())

const id = crypto.randomUUID()

describe('what this face does not offer', () => {
  // The anonymous key of a client is what comes as its token where nobody has signed in.
  const unusable = { Authorization: 'Bearer sb_publishable_abc' }

  it.each([
    ['POST', '/sso', 404, 'saml_provider_disabled'],
    ['GET', '/authorize?provider=github&redirect_to=https%3A%2F%2Fsite.test', 400, 'validation_failed'],
    ['POST', '/passkeys/authentication/options', 404, 'passkey_disabled'],
    ['POST', '/passkeys/authentication/verify', 404, 'passkey_disabled'],
    ['GET', '/oauth/authorize', 404, 'feature_disabled'],
    ['POST', '/oauth/token', 404, 'feature_disabled'],
    ['POST', '/oauth/clients/register', 404, 'feature_disabled'],
  ])('%s %s is refused as upstream does, to strangers too', async (method, path, status, code) => {
    const answer = await supabaseCall(gateway, method, path, { headers: unusable })
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  it.each([
    ['GET', '/user/identities/authorize?provider=github', 'manual_linking_disabled'],
    ['DELETE', `/user/identities/${id}`, 'manual_linking_disabled'],
    ['GET', '/passkeys', 'passkey_disabled'],
    ['POST', '/passkeys/registration/options', 'passkey_disabled'],
    ['POST', '/passkeys/registration/verify', 'passkey_disabled'],
    ['PATCH', `/passkeys/${id}`, 'passkey_disabled'],
    ['DELETE', `/passkeys/${id}`, 'passkey_disabled'],
    ['GET', `/oauth/authorizations/${id}`, 'feature_disabled'],
    ['POST', `/oauth/authorizations/${id}/consent`, 'feature_disabled'],
    ['GET', '/user/oauth/grants', 'feature_disabled'],
    ['DELETE', `/user/oauth/grants?client_id=${id}`, 'feature_disabled'],
  ])('%s %s asks for a token first, and is refused then', async (method, path, code) => {
    const stranger = await supabaseCall(gateway, method, path)
    expect([stranger.status, stranger.body.code]).toEqual([401, 'no_authorization'])
    const known = await supabaseCall(gateway, method, path, { token })
    expect([known.status, known.body.code]).toEqual([404, code])
  })

  it('is a grant by the token of another provider, which it names where it is known', async () => {
    const grant = (json: object) =>
      supabaseCall(gateway, 'POST', '/token?grant_type=id_token', { json, headers: unusable })
    const google = await grant({ provider: 'google', id_token: 'a.b.c' })
    expect([google.status, google.body]).toEqual([
      400,
      {
        code: 'provider_disabled',
        message: 'Provider (issuer "https://accounts.google.com") is not enabled',
      },
    ])
    const other = await grant({ provider: '<script>', id_token: 'a.b.c' })
    expect(other.body).toEqual({ code: 'provider_disabled', message: 'Provider is not enabled' })
    expect((await grant({ provider: 'google' })).body.code).toBe('validation_failed')
  })

  it('is a grant by a wallet', async () => {
    const json = { chain: 'ethereum', message: 'm', signature: 's' }
    const { status, body } = await supabaseCall(gateway, 'POST', '/token?grant_type=web3', { json })
    expect([status, body.code]).toEqual([422, 'web3_provider_disabled'])
  })
})
