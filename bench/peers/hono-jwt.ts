import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { jwt } from 'hono/jwt'
import { port, publicKey, ready } from './ready.ts'

// Hono's own middleware, which verifies on every call.
const app = new Hono()
app.use('/me', jwt({ secret: publicKey, alg: 'ES256', verification: { iss: 'bench', aud: 'bench' } }))
app.get('/me', (context) => context.json(context.get('jwtPayload')))

serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => ready())
