import { z } from '@hono/zod-openapi'
import { endpoint } from './endpoint.ts'
import type { Grant } from './grant.ts'
import { idTokenGrant } from './id-token-grant.ts'
import { passwordGrant } from './password-grant.ts'
import { pkceGrant } from './pkce-grant.ts'
import { refreshGrant } from './refresh-grant.ts'
import { refused } from './refuse.ts'
import { sessionSchema } from './schemas.ts'
import { web3Grant } from './web3-grant.ts'

/** The grants of the token endpoint, each a file. */
const grants: Readonly<Record<string, Grant>> = {
  password: passwordGrant,
  pkce: pkceGrant,
  refresh_token: refreshGrant,
  id_token: idTokenGrant,
  web3: web3Grant,
}

/** `grant_type` comes in the query; in the body too, where the query says nothing. */
export const tokenEndpoint = endpoint({
  method: 'post',
  path: '/token',
  summary: 'Sign in, or refresh a session',
  request: {
    query: z.object({ grant_type: z.string().optional() }),
    body: z.looseObject({ grant_type: z.string('A text is needed.').optional() }),
  },
  emptyIsFine: true,
  answer: sessionSchema,
  errors: [400, 403, 404, 413, 422, 429, 503],
  async handle(c, { query, body }) {
    const named = query.grant_type || body.grant_type || ''
    const grant = Object.hasOwn(grants, named) ? grants[named] : undefined
    return grant === undefined ? refused(c, { reason: 'grant_type_unsupported' }) : grant(c, body)
  },
})
