import { createServer } from 'node:http'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import pg from 'pg'
import { databaseUrl, keyCount, port, ready } from './ready.ts'

// better-auth with its API keys and its JWTs: GET /api/auth/token answers a key with a token.
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'a secret for the bench of more than thirty-two characters',
  database: new pg.Pool({ connectionString: databaseUrl, max: 10 }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    apiKey({ enableSessionForAPIKeys: true, rateLimit: { enabled: false } }),
    jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } }),
  ],
})
await (await getMigrations(auth.options)).runMigrations()

const { user } = await auth.api.signUpEmail({
  body: { name: 'bench', email: 'bench@example.com', password: 'a long password for the bench' },
})
const keys: string[] = []
for (let index = 0; index < keyCount; index++) {
  keys.push((await auth.api.createApiKey({ body: { name: `key ${index}`, userId: user.id } })).key)
}

createServer(toNodeHandler(auth)).listen(port, '127.0.0.1', () => ready(keys))
