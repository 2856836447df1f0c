import { type Answer, basic } from './call.ts'
import type { TestGateway } from './test-gateway.ts'

export interface OAuthClient {
  readonly id: string
  readonly keyId: string
  readonly apiKey: string
  /** Posts a form, shown by HTTP Basic with the id of the client. */
  readonly post: (path: string, form: Readonly<Record<string, string>> | string) => Promise<Answer>
  /** Obtains tokens by client credentials. */
  readonly tokens: (form?: Readonly<Record<string, string>>) => Promise<Answer['body']>
  /** Refreshes. */
  readonly refresh: (token: string, form?: Readonly<Record<string, string>>) => Promise<Answer>
}

export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** A fresh client with one key, which may read and write orders unless it is wished otherwise. */
export async function newOAuthClient(gateway: TestGateway, key: object = {}): Promise<OAuthClient> {
  const token = await gateway.accessToken()
  const permissions = ['orders:read', 'orders:write', 'tokens:introspect']
  const client = await gateway.call('POST', '/api/v1/clients', {
    token,
    json: { name: crypto.randomUUID(), permissions },
  })
  const { id } = client.body.data
  const issued = await gateway.call('POST', `/api/v1/clients/${id}/keys`, {
    token,
    json: { name: 'k', permissions: ['orders:read', 'orders:write'], ...key },
  })
  if (issued.status !== 201) throw new Error(`No key: ${issued.text}`)
  return oauthClient(gateway, { id, keyId: issued.body.data.id, apiKey: issued.body.data.api_key })
}

export function oauthClient(
  gateway: TestGateway,
  { id, keyId, apiKey }: Pick<OAuthClient, 'id' | 'keyId' | 'apiKey'>,
): OAuthClient {
  const headers = { Authorization: basic(id, apiKey) }
  const post: OAuthClient['post'] = (path, form) => gateway.call('POST', path, { form, headers })
  return {
    id,
    keyId,
    apiKey,
    post,
    async tokens(form = {}) {
      const answer = await post('/oauth2/token', { grant_type: 'client_credentials', ...form })
      if (answer.status !== 200) throw new Error(`No token: ${answer.text}`)
      return answer.body
    },
    refresh: (token, form = {}) =>
      post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: token, ...form }),
  }
}

/** What a JWT claims. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}
