import { randomBytes, randomUUID } from 'node:crypto'
import express, { type NextFunction, type Request, type Response } from 'express'
import jsonwebtoken from 'jsonwebtoken'
import { openKeyTable, sha256 } from './key-table.ts'
import { accessTtlSeconds, port, privateKey, publicKey, ready, refreshTtlSeconds } from './ready.ts'

// Express, jsonwebtoken and pg, as most write them by hand.
const { pool, keys } = await openKeyTable()
const app = express()
app.use(express.json())

app.post('/token', async (request: Request, response: Response) => {
  const hash = sha256(String(request.body.apiKey))
  const { rows } = await pool.query('select * from api_keys where hash = $1', [hash])
  const key = rows[0]
  if (!key || key.revoked_at || (key.expires_at && key.expires_at < new Date())) {
    response.status(401).json({ error: 'invalid_api_key' })
    return
  }
  const refresh = randomBytes(32).toString('base64url')
  const expiresAt = new Date(Date.now() + refreshTtlSeconds * 1000)
  await pool.query('insert into sessions (key_id, refresh_hash, expires_at) values ($1, $2, $3)', [
    key.id,
    sha256(refresh),
    expiresAt,
  ])
  response.json({ access: sign(key), refresh })
})

app.post('/refresh', async (request: Request, response: Response) => {
  const { rows } = await pool.query(
    `select sessions.id as session_id, sessions.expires_at as session_expires_at, api_keys.*
      from sessions join api_keys on api_keys.id = sessions.key_id where refresh_hash = $1`,
    [sha256(String(request.body.refresh))],
  )
  const row = rows[0]
  if (!row || row.revoked_at || row.session_expires_at < new Date()) {
    response.status(401).json({ error: 'invalid_refresh_token' })
    return
  }
  await pool.query('update sessions set last_used_at = now() where id = $1', [row.session_id])
  response.json({ access: sign(row) })
})

app.get('/me', authenticate, (_request: Request, response: Response) => {
  const { sub, scope } = response.locals['claims']
  response.json({ subject: sub, scope })
})

function authenticate(request: Request, response: Response, next: NextFunction): void {
  try {
    const token = request.get('authorization')?.replace(/^Bearer /, '') ?? ''
    response.locals['claims'] = jsonwebtoken.verify(token, publicKey, {
      algorithms: ['ES256'],
      issuer: 'bench',
      audience: 'bench',
    })
    next()
  } catch {
    response.status(401).json({ error: 'invalid_token' })
  }
}

function sign(key: { readonly client_id: string; readonly scopes: readonly string[] }): string {
  return jsonwebtoken.sign({ scope: key.scopes.join(' ') }, privateKey, {
    algorithm: 'ES256',
    expiresIn: accessTtlSeconds,
    issuer: 'bench',
    audience: 'bench',
    subject: key.client_id,
    jwtid: randomUUID(),
  })
}

app.listen(port, '127.0.0.1', () => ready(keys))
