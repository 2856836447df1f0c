import { createPublicKey } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import { port, publicKey, ready } from './ready.ts'

// Hono's own middleware, which verifies on every call; its key is imported once.
const spki = new Uint8Array(createPublicKey(publicKey).export({ format: 'der', type: 'spki' }))
const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const secret = await crypto.subtle.importKey('spki', spki, curve, false, ['verify'])
const app = new Hono()
app.use('/me', jwt({ secret, alg: 'ES256', verification: { typ: 'at+jwt', iss: 'bench', aud: 'bench' } }))
app.get('/me', (context) => context.json(context.get('jwtPayload')))

serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => ready())
