import { randomBytes, randomUUID } from 'node:crypto'
import httpProxy from '@fastify/http-proxy'
import jwt from '@fastify/jwt'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { openKeyTable, sha256 } from './key-table.ts'
import {
  accessTtlSeconds,
  port,
  privateKey,
  publicKey,
  ready,
  refreshTtlSeconds,
  upstreamUrl,
} from './ready.ts'

// Fastify with @fastify/jwt, its cache of verified tokens turned on, and pg.
const { pool, keys } = await openKeyTable()
const app = Fastify()
await app.register(jwt, {
  secret: { private: privateKey, public: publicKey },
  sign: { algorithm: 'ES256', expiresIn: accessTtlSeconds, iss: 'bench', aud: 'bench' },
  verify: { algorithms: ['ES256'], allowedIss: 'bench', allowedAud: 'bench', cache: 10_000 },
})

interface KeyRow {
  readonly client_id: string
  readonly scopes: readonly string[]
}

const sign = (key: KeyRow) =>
  app.jwt.sign({ sub: key.client_id, scope: key.scopes.join(' '), jti: randomUUID() })

app.post('/token', async (request: FastifyRequest<{ Body: { apiKey: string } }>, reply) => {
  const { rows } = await pool.query('select * from api_keys where hash = $1', [sha256(request.body.apiKey)])
  const key = rows[0]
  if (!key || key.revoked_at || (key.expires_at && key.expires_at < new Date())) {
    return reply.code(401).send({ error: 'invalid_api_key' })
  }
  const refresh = randomBytes(32).toString('base64url')
  const expiresAt = new Date(Date.now() + refreshTtlSeconds * 1000)
  const values = [key.id, sha256(refresh), expiresAt]
  await pool.query('insert into sessions (key_id, refresh_hash, expires_at) values ($1, $2, $3)', values)
  return { access: sign(key), refresh }
})

app.post('/refresh', async (request: FastifyRequest<{ Body: { refresh: string } }>, reply) => {
  const { rows } = await pool.query(
    `select sessions.id as session_id, sessions.expires_at as session_expires_at, api_keys.*
      from sessions join api_keys on api_keys.id = sessions.key_id where refresh_hash = $1`,
    [sha256(request.body.refresh)],
  )
  const row = rows[0]
  if (!row || row.revoked_at || row.session_expires_at < new Date()) {
    return reply.code(401).send({ error: 'invalid_refresh_token' })
  }
  await pool.query('update sessions set last_used_at = now() where id = $1', [row.session_id])
  return { access: sign(row) }
})

app.get('/me', { onRequest: authenticate }, async (request) => request.user)

if (upstreamUrl !== '') {
  await app.register(httpProxy, {
    upstream: upstreamUrl,
    prefix: '/upstream',
    rewritePrefix: '',
    preHandler: authenticate,
  })
}

async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  try {
    await request.jwtVerify()
  } catch {
    await reply.code(401).send({ error: 'invalid_token' })
  }
}

await app.listen({ port, host: '127.0.0.1' })
ready(keys)
