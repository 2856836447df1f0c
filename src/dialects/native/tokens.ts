import { z } from '@hono/zod-openapi'
import { wholeSecondsText } from '../../core/moment-text.ts'
import { callerOf, noteExchange, noteKey } from '../../http/caller.ts'
import { readApiKey } from '../../http/credentials.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, permissions } from './schemas.ts'

const time = z.iso.datetime().openapi({ example: '2025-05-20T13:08:18Z' })
const deprecatedTime = (instead: string) =>
  z.iso.datetime().openapi({
    deprecated: true,
    description: `The same as ${instead}, under the name that first clients know.`,
  })

const audience = z
  .union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1).max(20)])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .openapi({ type: 'string', description: 'One of the configured audiences, or a list of them.' })

// Of any length that a body may have: a text that is too long for a key gets the answer of every wrong key.
const credential = z.string('A text is needed.')

export const exchangeEndpoint = endpoint({
  method: 'post',
  path: '/auth/token/',
  tag: 'Tokens',
  summary: 'Exchange an API key for tokens',
  description:
    'The key comes in the body or in X-API-Key, not in both. The optional fields narrow what the tokens may do, and nothing widens it.',
  request: {
    body: z
      .object({
        apiKey: credential.optional(),
        permissions: permissions.optional(),
        audience: audience.optional(),
        expires_in: z
          .int('A whole number of seconds.')
          .min(1)
          .optional()
          .openapi({ description: 'Seconds.' }),
      })
      .openapi({ example: { apiKey: '<key>' } }),
  },
  answers: answers(
    z.object({
      access: z.string(),
      refresh: z.string(),
      access_expire: time,
      refresh_expire: time,
      refesh_expire: deprecatedTime('refresh_expire'),
      token_type: z.literal('Bearer'),
    }),
    { errors: [400, 401, 403, 413, 415, 503] },
  ),
  async handle(c, { body }) {
    const apiKey = readApiKey(c, body.apiKey)
    if (!apiKey.ok) return refused(c, apiKey.failure)
    const narrowing = {
      permissions: body.permissions,
      audiences: body.audience,
      accessTtlSeconds: body.expires_in,
    }
    const tokens = await c.env.service.exchange(
      { apiKey: apiKey.value, clientId: undefined, narrowing, rotates: false },
      callerOf(c),
    )
    if (!tokens.ok) return refused(c, tokens.failure)
    noteExchange(c, tokens.value)
    const refreshExpire = wholeSecondsText(tokens.value.refreshExpiresAt)
    return answer(c, {
      access: tokens.value.access,
      refresh: tokens.value.refresh,
      access_expire: wholeSecondsText(tokens.value.accessExpiresAt),
      refresh_expire: refreshExpire,
      refesh_expire: refreshExpire,
      token_type: 'Bearer',
    })
  },
})

export const refreshEndpoint = endpoint({
  method: 'post',
  path: '/auth/token/refresh/',
  tag: 'Tokens',
  summary: 'Renew the access token',
  description: 'The refresh token stays valid to the end of its week.',
  request: { body: z.object({ refresh: credential }).openapi({ example: { refresh: '<refresh token>' } }) },
  answers: answers(
    z.object({
      access: z.string(),
      access_expire: time,
      access_expires: deprecatedTime('access_expire'),
      token_type: z.literal('Bearer'),
    }),
    { errors: [400, 401, 413, 415, 503] },
  ),
  async handle(c, { body }) {
    const token = await c.env.service.refresh(body.refresh, callerOf(c))
    if (!token.ok) return refused(c, token.failure)
    noteKey(c, token.value)
    const accessExpire = wholeSecondsText(token.value.accessExpiresAt)
    return answer(c, {
      access: token.value.access,
      access_expires: accessExpire,
      access_expire: accessExpire,
      token_type: 'Bearer',
    })
  },
})
