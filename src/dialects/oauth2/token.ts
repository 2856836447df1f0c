import { z } from '@hono/zod-openapi'
import { clientFields, formEndpoint } from './endpoint.ts'
import { grants, needed } from './grants.ts'
import { refused } from './refuse.ts'

/** RFC 6749 §3.2. */
export const tokenEndpoint = formEndpoint({
  path: '/token',
  summary: 'Get an access token',
  description:
    'Grants: client_credentials with the API key as client secret, refresh_token, and token exchange (RFC 8693) for a narrower token. With the scope offline_access the first brings a refresh token, which each use replaces.',
  form: z.object({
    grant_type: z.enum(Object.keys(grants)),
    ...clientFields,
    scope: z.string().optional().openapi({ description: 'Permissions, with spaces between. Only narrows.' }),
    resource: z.string().optional().openapi({ description: 'One of the configured audiences (RFC 8707).' }),
    audience: z.string().optional().openapi({ description: 'The same, as RFC 8693 calls it.' }),
    refresh_token: z.string().optional(),
    subject_token: z.string().optional(),
    subject_token_type: z.string().optional(),
    actor_token: z.string().optional(),
    actor_token_type: z.string().optional(),
    requested_token_type: z.string().optional(),
  }),
  answer: z.object({
    access_token: z.string(),
    issued_token_type: z.string().optional(),
    token_type: z.literal('Bearer'),
    expires_in: z.int(),
    scope: z.string().optional(),
    refresh_token: z.string().optional(),
  }),
  errors: [400, 401, 413, 429, 503],
  async handle(c, form) {
    const grantType = needed(form, 'grant_type')
    if (!grantType.ok) return refused(c, grantType.failure)
    const grant = Object.hasOwn(grants, grantType.value) ? grants[grantType.value] : undefined
    return grant === undefined ? refused(c, { reason: 'grant_type_unsupported' }) : grant(c, form)
  },
})
