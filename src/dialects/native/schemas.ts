import { z } from '@hono/zod-openapi'
import { isKeepable, metadataMaxDepth, userMetadataMaxLength } from '../../core/accounts/metadata.ts'
import { isPermission } from '../../core/permissions.ts'

/** A printable name without control characters, trimmed, 1 to 100 characters. */
export const name = z
  .string()
  .trim()
  .min(1, 'At least one character.')
  .max(100, 'At most 100 characters.')
  .regex(/^[^\p{C}]+$/u, 'No control characters.')

export const permissions = z
  .array(z.string().refine(isPermission, 'A permission looks like orders:read, orders:* or *.'))
  .max(100, 'At most 100 permissions.')
  .transform((list) => [...new Set(list)])
  .openapi({ type: 'array', items: { type: 'string' }, example: ['orders:read'] })

export const uuid = z.uuid('Not an id of ours.').transform((id) => id.toLowerCase())

export const keyId = z.string().regex(/^[0-9A-Za-z]{12}$/, 'Not an id of ours.')

/** An offset can push a time into the year 10000, which RFC 3339 has no spelling for. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export const instant = z.iso
  .datetime({ offset: true, error: 'A time in RFC 3339, with its offset or Z.' })
  .transform((text) => new Date(text))
  .refine((time) => time.getTime() >= 0, 'At least 1970-01-01T00:00:00Z.')
  .refine((time) => time.getTime() <= LAST_INSTANT_MS, 'At most 9999-12-31T23:59:59.999Z.')
  .openapi({ type: 'string', format: 'date-time' })

export const rateLimit = z
  .strictObject({
    limit: z
      .int()
      .min(1)
      .max(1_000_000)
      .openapi({ description: 'Calls a window; so many may come at once.' }),
    window_seconds: z.int().min(1).max(86_400),
  })
  .transform(({ limit, window_seconds }) => ({ limit, windowSeconds: window_seconds }))
  .openapi({ type: 'object' })

const KEY_METADATA_MAX_LENGTH = 4096

const metadataOf = (maxLength: number) =>
  z
    .record(z.string().max(100), z.unknown())
    .refine(
      (value) => isKeepable(value, maxLength),
      `At most ${maxLength} characters of JSON and ${metadataMaxDepth} levels, in well-formed text without NUL.`,
    )

export const metadata = metadataOf(KEY_METADATA_MAX_LENGTH)
export const userMetadata = metadataOf(userMetadataMaxLength)

export const pageLimit = z.coerce
  .number('A whole number.')
  .int('A whole number.')
  .min(1, 'At least 1.')
  .max(200, 'At most 200.')
  .default(50)

export const pageQuery = z.object({
  limit: pageLimit.openapi({ description: 'Rows a page, at most 200.' }),
  cursor: z.string().max(400).optional().openapi({ description: 'The next_cursor of the page before.' }),
})

const metaSchema = z
  .object({
    timestamp: z.iso.datetime(),
    request_id: z.string(),
    degraded: z.literal(true).optional().openapi({
      description: 'There where tokens were handed out from memory, since the database is away.',
    }),
  })
  .openapi('Meta', {
    example: { timestamp: '2025-05-20T12:08:18.338Z', request_id: '84455385-e154-4908-94ff-05aa8560b5b8' },
  })

export const errorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z
        .array(z.object({ field: z.string(), message: z.string(), code: z.string().optional() }))
        .optional(),
    }),
    meta: metaSchema,
  })
  .openapi('Error')

/** A success of `data` in the envelope, and the error envelope for the statuses that are named. */
export function answers(
  data: z.ZodType,
  {
    status = 200,
    errors = [],
  }: { readonly status?: 200 | 201 | 202; readonly errors?: readonly number[] } = {},
) {
  return {
    [status]: { description: 'Success', content: json(z.object({ data, meta: metaSchema })) },
    ...refusals(errors),
  }
}

const json = (schema: z.ZodType) => ({ 'application/json': { schema } })

function refusals(errors: readonly number[]) {
  return Object.fromEntries(
    errors.map((code) => [code, { description: 'Refused', content: json(errorSchema) }]),
  )
}

/** A success without a body, and the error envelope for the statuses that are named. */
export function answersNothing(errors: readonly number[]) {
  return { 204: { description: 'Success' }, ...refusals(errors) }
}

/** A page of `item`. */
export function pageOf(item: z.ZodType) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}
