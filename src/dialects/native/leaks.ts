import { z } from '@hono/zod-openapi'
import type { Failure } from '../../core/failure.ts'
import type { ApiKey } from '../../core/keys/api-key.ts'
import type { Result } from '../../core/result.ts'
import { callerOf } from '../../http/caller.ts'
import { readApiKey } from '../../http/credentials.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'

const source = z
  .string()
  .trim()
  .min(1)
  .max(500, 'At most 500 characters.')
  .regex(/^[^\p{C}]+$/u, 'No control characters.')
  .optional()
  .openapi({ description: 'Where it was found: a URL, or a few words.' })

/** As for the exchange: a text that is too long for a key gets the answer of every wrong key. */
const credential = z.string('A text is needed.')

const endedSchema = z
  .object({
    key_id: z.string(),
    state: z.literal('revoked'),
    revoked_at: z.iso.datetime().nullable(),
    revoked_reason: z.string().nullable(),
  })
  .openapi('EndedKey')

const itemSchema = z.object({
  label: z.enum(['true_positive', 'false_positive', 'unknown']).openapi({
    description: 'Ended now or earlier; no key of ours; not looked at, since too many were wrong.',
  }),
  key: endedSchema.nullable(),
})

export const reportLeaksEndpoint = endpoint({
  method: 'post',
  path: '/leaks',
  tag: 'API keys',
  summary: 'Report a key that was found where it should not be',
  description:
    'Whoever shows a key may kill it: it is revoked with the reason "leaked", and its owner is told. The same report again changes nothing. Scanners may report up to 100 at once in leaks.',
  request: {
    body: z
      .strictObject({
        apiKey: credential.optional(),
        source,
        leaks: z
          .array(z.strictObject({ token: credential, source }))
          .min(1)
          .max(100, 'At most 100 at once.')
          .optional(),
      })
      .refine((body) => body.leaks === undefined || (body.apiKey ?? body.source) === undefined, {
        path: ['leaks'],
        message: 'Send one key, or a list of them.',
      })
      .openapi({ type: 'object', example: { apiKey: '<key>', source: 'https://example.com/paste/1' } }),
  },
  answers: answers(z.union([endedSchema, z.object({ items: z.array(itemSchema) })]), {
    errors: [400, 401, 413, 415, 429, 503],
  }),
  async handle(c, { body }) {
    if (body.leaks !== undefined) return answer(c, { items: await reportAll(c, body.leaks) })
    const apiKey = readApiKey(c, body.apiKey)
    if (!apiKey.ok) return refused(c, apiKey.failure)
    const report = { apiKey: apiKey.value, source: body.source }
    const ended = await c.env.service.reportLeak(report, callerOf(c))
    return ended.ok ? answer(c, spellEnded(ended.value)) : refused(c, ended.failure)
  },
})

/** One after the other, so that wrong ones count as guesses before the next is looked at. */
async function reportAll(
  c: GatewayContext,
  leaks: readonly { readonly token: string; readonly source?: string | undefined }[],
) {
  const items: unknown[] = []
  for (const { token, source } of leaks) {
    const report = { apiKey: token, source }
    items.push(spellItem(await c.env.service.reportLeak(report, callerOf(c))))
  }
  return items
}

function spellItem(ended: Result<ApiKey, Failure>) {
  if (ended.ok) return { label: 'true_positive', key: spellEnded(ended.value) }
  const looked = ended.failure.reason !== 'rate_limited'
  return { label: looked ? 'false_positive' : 'unknown', key: null }
}

/** No more of the key than what was done to it: a finder need not learn whose it was. */
function spellEnded(key: ApiKey) {
  return {
    key_id: key.id,
    state: 'revoked',
    revoked_at: key.revokedAt?.toISOString() ?? null,
    revoked_reason: key.revokedReason ?? null,
  }
}
