import { z } from '@hono/zod-openapi'
import { answer } from './answer.ts'
import { endpoint } from './endpoint.ts'

/** Below the time that a new signing key is published before it signs. */
const MAX_AGE_SECONDS = 600

/** The same keys as below the issuer: clients of this face look for them here. */
export const keySetEndpoint = endpoint({
  method: 'get',
  path: '/.well-known/jwks.json',
  summary: 'Get the public keys that tokens are verified with',
  answer: z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }),
  errors: [],
  async handle(c) {
    const headers = { 'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}` }
    return answer(c, c.env.service.publicKeySet(), { headers })
  },
})
