import { describe, expect, it } from 'vitest'
import { facesOf } from '../../../src/dialects/all.ts'
import { spellings } from '../../../src/dialects/oauth2/refuse.ts'
import { parseSettings } from '../../../src/settings/settings.ts'
import { createTestGateway } from '../../support/test-gateway.ts'

const paths = [
  ['POST', '/oauth2/token'],
  ['POST', '/oauth2/introspect'],
  ['POST', '/oauth2/revoke'],
  ['GET', '/.well-known/oauth-authorization-server'],
] as const

describe('the metadata', () => {
  it('is that of RFC 8414, and nobody needs a token for it', async () => {
    const gateway = await createTestGateway()
    try {
      const { status, body, headers } = await gateway.call('GET', '/.well-known/oauth-authorization-server')
      expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
      expect(body).toEqual({
        issuer: 'https://gateway.test',
        token_endpoint: 'https://gateway.test/oauth2/token',
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        grant_types_supported: [
          'client_credentials',
          'refresh_token',
          'urn:ietf:params:oauth:grant-type:token-exchange',
        ],
        response_types_supported: [],
        scopes_supported: ['offline_access'],
        jwks_uri: 'https://gateway.test/.well-known/jwks.json',
        introspection_endpoint: 'https://gateway.test/oauth2/introspect',
        introspection_endpoint_auth_methods_supported: [
          'client_secret_basic',
          'client_secret_post',
          'Bearer',
        ],
        revocation_endpoint: 'https://gateway.test/oauth2/revoke',
        revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        service_documentation: 'https://gateway.test/docs',
      })
    } finally {
      await gateway.close()
    }
  })

  it('stays at the root of the issuer when BASE_PATH moves the endpoints', async () => {
    const gateway = await createTestGateway({ app: { basePath: '/gw' } })
    try {
      const { body } = await gateway.call('GET', '/.well-known/oauth-authorization-server')
      expect([body.issuer, body.token_endpoint]).toEqual([
        'https://gateway.test',
        'https://gateway.test/gw/oauth2/token',
      ])
      const form = { grant_type: 'password' }
      expect((await gateway.call('POST', '/gw/oauth2/token', { form })).body.error).toBe(
        'unsupported_grant_type',
      )
      expect((await gateway.call('POST', '/oauth2/token', { form })).status).toBe(401)
    } finally {
      await gateway.close()
    }
  })
})

describe('FACES', () => {
  it('has all faces on when it is not set, and puts them in one order', () => {
    const facesIn = (FACES?: string) => {
      const settings = parseSettings({ FACES })
      return settings.ok ? settings.value.faces : settings.failure
    }
    expect(facesIn()).toEqual(['native', 'oauth2', 'supabase', 'mytone'])
    expect(facesIn('oauth2, native')).toEqual(['native', 'oauth2'])
    expect(facesIn('oauth2')).toEqual(['oauth2'])
    expect(facesIn('native,soap')).toEqual([
      { name: 'FACES', problem: 'must be some of native, oauth2, supabase, mytone, with commas between' },
    ])
    expect(facesIn(',')).toEqual([{ name: 'FACES', problem: 'must not be empty' }])
  })

  it('without oauth2 lets its paths answer as any unknown path does', async () => {
    const gateway = await createTestGateway({ app: { mounts: facesOf(['native']) } })
    try {
      const token = await gateway.accessToken()
      for (const [method, path] of [...paths, ['POST', '/nope'] as const]) {
        const stranger = await gateway.call(method, path)
        expect([path, stranger.status, stranger.body.error.code]).toEqual([path, 401, 'missing_token'])
        const caller = await gateway.call(method, path, { token })
        expect([path, caller.status, caller.body.error.code]).toEqual([path, 404, 'not_found'])
      }
      expect(gateway.table.publicMethodsOf('/oauth2/token')).toEqual([])
    } finally {
      await gateway.close()
    }
  })

  it('without native leaves the OAuth face, and its spelling for all that is unknown', async () => {
    const gateway = await createTestGateway({ app: { mounts: facesOf(['oauth2']) } })
    try {
      const native = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: gateway.adminKey } })
      expect([native.status, native.body.error]).toEqual([401, 'invalid_client'])
      const id = gateway.adminKey.slice(3, 15)
      const form = { grant_type: 'client_credentials', client_id: id, client_secret: gateway.adminKey }
      expect((await gateway.call('POST', '/oauth2/token', { form })).status).toBe(200)
    } finally {
      await gateway.close()
    }
  })
})

describe('the wire', () => {
  it('spells each refusal with a registered code and a description that RFC 6749 §5.2 allows', () => {
    const registered = [
      'invalid_request',
      'invalid_client',
      'invalid_grant',
      'unauthorized_client',
      'unsupported_grant_type',
      'invalid_scope',
      'invalid_target',
      'invalid_token',
      'insufficient_scope',
      'temporarily_unavailable',
      'server_error',
      'not_found',
    ]
    for (const [reason, { error, description }] of Object.entries(spellings)) {
      expect([reason, registered.includes(error)]).toEqual([reason, true])
      if (typeof description === 'string') expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
    }
  })

  it('has no envelope: an unknown path below it, an unknown method, a fault', async () => {
    const gateway = await createTestGateway()
    try {
      const token = await gateway.accessToken()
      const unknown = await gateway.call('GET', '/oauth2/nope', { token })
      expect([unknown.status, unknown.body]).toEqual([
        404,
        { error: 'not_found', error_description: 'There is nothing here.' },
      ])
      const stranger = await gateway.call('GET', '/oauth2/nope')
      expect([stranger.status, stranger.body.error]).toEqual([401, 'invalid_client'])
      const method = await gateway.call('GET', '/oauth2/token')
      expect([method.status, method.headers.get('allow'), method.body.error]).toEqual([
        405,
        'POST',
        'invalid_request',
      ])
    } finally {
      await gateway.close()
    }
  })
})
