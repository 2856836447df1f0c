import { createPrivateKey, randomBytes } from 'node:crypto'
import Provider, { type Adapter, type AdapterPayload } from 'oidc-provider'
import pg from 'pg'
import { accessTtlSeconds, databaseUrl, keyCount, port, privateKey, ready } from './ready.ts'

// node-oidc-provider with the client_credentials grant, JWT access tokens, and clients in PostgreSQL.
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
await pool.query('create table models (kind text, id text, payload jsonb not null, primary key (kind, id))')

const clients = Array.from({ length: keyCount }, (_, index) => ({
  client_id: `client-${index}`,
  client_secret: randomBytes(24).toString('base64url'),
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_post',
  id_token_signed_response_alg: 'ES256',
}))
await pool.query(
  `insert into models select 'Client', payload->>'client_id', payload from unnest($1::jsonb[]) as payload`,
  [clients.map((client) => JSON.stringify(client))],
)

class PostgresAdapter implements Adapter {
  readonly kind: string

  constructor(kind: string) {
    this.kind = kind
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    await pool.query(
      'insert into models values ($1, $2, $3) on conflict (kind, id) do update set payload = excluded.payload',
      [this.kind, id, payload],
    )
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const { rows } = await pool.query('select payload from models where kind = $1 and id = $2', [
      this.kind,
      id,
    ])
    return rows[0]?.payload
  }

  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(): Promise<void> {}
  async revokeByGrantId(): Promise<void> {}
}

const signingKey = {
  ...createPrivateKey(privateKey).export({ format: 'jwk' }),
  alg: 'ES256',
  use: 'sig',
  kid: 'bench',
}
const provider = new Provider('http://bench', {
  adapter: PostgresAdapter,
  jwks: { keys: [signingKey] },
  scopes: ['orders:read'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async () => ({
        scope: 'orders:read',
        audience: 'bench',
        accessTokenTTL: accessTtlSeconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})
provider.listen(port, '127.0.0.1', () =>
  ready(clients.map(({ client_id, client_secret }) => `${client_id}:${client_secret}`)),
)
