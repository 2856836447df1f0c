import { serve } from '@hono/node-server'
import { Hono } from 'hono'

// The floor that every figure is a ratio to: what one process on one core can do at all with this HTTP stack.
const app = new Hono()
app.get('/', (context) => context.text('ok'))

serve({ fetch: app.fetch, port: Number(process.env['PORT']), hostname: '127.0.0.1' }, () => {
  process.stdout.write('ready\n')
})
