import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../../support/database.ts'
import { freePort } from '../../support/free-port.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { accessTokenType, tokenExchange } from '../../support/oauth.ts'

let database: TestDatabase
let gateway: GatewayProcess
let issuer: URL
let clientId: string
let apiKey: string

beforeAll(async () => {
  database = await migratedDatabase()
  // The issuer must be where the client finds it, so the port is known beforehand.
  const port = await freePort()
  issuer = new URL(`http://127.0.0.1:${port}`)
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    PORT: String(port),
    PUBLIC_URL: issuer.origin,
    BASE_PATH: '/gw',
    AUDIENCE: `${issuer.origin},https://orders.test`,
  })
  apiKey = await gateway.firstKey()
  const tokens = await call('POST', `${gateway.url}/gw/api/v1/auth/token`, { json: { apiKey } })
  const me = await call('GET', `${gateway.url}/gw/api/v1/me`, { token: tokens.body.data.access })
  clientId = me.body.data.client_id
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

const me = (token: string) => call('GET', `${gateway.url}/gw/api/v1/me`, { token })

describe.each([
  ['client_secret_basic', openid.ClientSecretBasic],
  ['client_secret_post', openid.ClientSecretPost],
])('openid-client with %s', (_, authentication) => {
  let config: openid.Configuration

  beforeAll(async () => {
    config = await openid.discovery(issuer, clientId, {}, authentication(apiKey), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    })
  })

  it('discovers the gateway below its BASE_PATH', () => {
    expect(config.serverMetadata()).toMatchObject({
      issuer: issuer.origin,
      token_endpoint: `${issuer.origin}/gw/oauth2/token`,
      jwks_uri: `${issuer.origin}/.well-known/jwks.json`,
    })
  })

  it('obtains, refreshes, introspects and revokes', async () => {
    const tokens = await openid.clientCredentialsGrant(config, {
      scope: 'offline_access orders:read',
      resource: issuer.origin,
    })
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'orders:read' })
    // Whole seconds from the answer to the end: a second may pass between the two.
    expect([3599, 3600]).toContain(tokens.expires_in)
    expect((await me(tokens.access_token)).status).toBe(200)

    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token!)
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    const again = await openid.refreshTokenGrant(config, tokens.refresh_token!)
    expect(again.refresh_token).toBe(refreshed.refresh_token)

    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toMatchObject({
      active: true,
      client_id: clientId,
      scope: 'orders:read',
    })
    await openid.tokenRevocation(config, refreshed.refresh_token!)
    expect(await openid.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false })
    expect((await me(tokens.access_token)).status).toBe(401)
    await expect(openid.refreshTokenGrant(config, refreshed.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    })
  })

  it('exchanges a token for a narrower one', async () => {
    const { access_token } = await openid.clientCredentialsGrant(config)
    const narrow = await openid.genericGrantRequest(config, tokenExchange, {
      subject_token: access_token,
      subject_token_type: accessTokenType,
      audience: 'https://orders.test',
      scope: 'orders:read',
    })
    expect(narrow).toMatchObject({ scope: 'orders:read', issued_token_type: accessTokenType })
    expect(narrow.expires_in).toBeLessThanOrEqual(3600)
  })
})

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true }
  let server: oauth.AuthorizationServer
  let client: oauth.Client

  beforeAll(async () => {
    const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    server = await oauth.processDiscoveryResponse(issuer, response)
    client = { client_id: clientId }
  })

  it('obtains a token that it validates as RFC 9068 has it', async () => {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(apiKey),
      new URLSearchParams({ scope: 'orders:read' }),
      insecure,
    )
    const tokens = await oauth.processClientCredentialsResponse(server, client, response)
    expect(tokens.refresh_token).toBeUndefined()
    const request = new Request('https://orders.test/', {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    })
    const claims = await oauth.validateJwtAccessToken(server, request, 'https://orders.test', insecure)
    expect(claims).toMatchObject({ sub: clientId, client_id: clientId, scope: 'orders:read' })
  })

  it('refreshes, introspects and revokes', async () => {
    const authentication = oauth.ClientSecretPost(apiKey)
    const granted = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      authentication,
      new URLSearchParams({ scope: 'offline_access' }),
      insecure,
    )
    const { refresh_token } = await oauth.processClientCredentialsResponse(server, client, granted)
    const response = await oauth.refreshTokenGrantRequest(
      server,
      client,
      authentication,
      refresh_token!,
      insecure,
    )
    const tokens = await oauth.processRefreshTokenResponse(server, client, response)
    const introspect = async () =>
      oauth.processIntrospectionResponse(
        server,
        client,
        await oauth.introspectionRequest(server, client, authentication, tokens.access_token, insecure),
      )
    expect(await introspect()).toMatchObject({ active: true, sub: clientId })
    const revoked = await oauth.revocationRequest(
      server,
      client,
      authentication,
      tokens.access_token,
      insecure,
    )
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined()
    expect(await introspect()).toEqual({ active: false })
  })

  it('reads a refusal and its challenge', async () => {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic('gk_wrong'),
      new URLSearchParams(),
      insecure,
    )
    await expect(oauth.processClientCredentialsResponse(server, client, response)).rejects.toMatchObject({
      code: expect.stringMatching(/CHALLENGE|RESPONSE_BODY/),
    })
  })
})
