import { z } from '@hono/zod-openapi'
import { isKeepable, metadataMaxDepth, userMetadataMaxLength } from '../../core/accounts/metadata.ts'

/** A text that is looked up, compared or hashed, and kept nowhere as it came. */
export const text = z.string('A text is needed.').max(4096, 'At most 4096 characters.')

/** As clients send it: what is no address is told by the endpoint, in the words that clients know. */
export const email = z.string('A text is needed.').max(1000, 'At most 1000 characters.')
export const phone = z.string('A text is needed.').max(100, 'At most 100 characters.')
// Of any length that a body may have: what is too long is told as what it is.
export const password = z.string('A text is needed.')

/** What is noted of a user: `data` of a sign-up, `user_metadata`, `app_metadata`. */
export const metadata = z
  .record(z.string(), z.unknown(), 'An object is needed.')
  .refine(
    (value) => isKeepable(value, userMetadataMaxLength),
    `At most ${userMetadataMaxLength} characters of JSON and ${metadataMaxDepth} levels, in well-formed text without NUL.`,
  )

/** For the API description: the objects of this face are upstream's, and told there field by field. */
export const userSchema = z
  .looseObject({ id: z.uuid(), aud: z.string(), role: z.string() })
  .openapi('SupabaseUser')
export const sessionSchema = z
  .looseObject({
    access_token: z.string(),
    token_type: z.literal('bearer'),
    expires_in: z.int(),
    expires_at: z.int(),
    refresh_token: z.string(),
    user: userSchema,
  })
  .openapi('SupabaseSession')
