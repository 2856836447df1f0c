import { z } from '@hono/zod-openapi'
import { instant, userMetadata, uuid } from '../../dialects/native/schemas.ts'

// The columns of auth.users, auth.identities and auth.mfa_factors that mean something here; and as the admin API names
// them. Whatever else there is, is passed over.

const text = z
  .string('A text is needed.')
  .max(1000, 'At most 1000 characters.')
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'Well-formed text without NUL.')

/** An empty text says as much as none. */
const note = text.nullish().transform((value) => value || undefined)

/** A time also as psql writes it: `2026-01-02 03:04:05.678901+00`. */
const time = z.preprocess((value) => {
  if (value === null || value === '') return undefined
  return typeof value === 'string' ? value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00') : value
}, instant.optional())

/** A jsonb column, which some tools write as a text. */
const json = z.preprocess((value) => {
  if (typeof value !== 'string') return value ?? undefined
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}, userMetadata.optional())

const id = z.string('A text is needed.').pipe(uuid)

export const identityRow = z.looseObject(
  {
    id: note,
    identity_id: note,
    user_id: id.optional(),
    provider: text.min(1, 'A provider is needed.'),
    provider_id: note,
    identity_data: json,
    created_at: time,
    updated_at: time,
    last_sign_in_at: time,
  },
  'An object is needed.',
)

export const factorRow = z.looseObject(
  {
    id,
    friendly_name: note,
    factor_type: text,
    status: z.enum(['verified', 'unverified'], 'Either verified or unverified.'),
    secret: note,
    created_at: time,
    updated_at: time,
  },
  'An object is needed.',
)

export const userRow = z.looseObject(
  {
    id,
    email: note,
    phone: note,
    encrypted_password: note,
    role: note,
    raw_app_meta_data: json,
    app_metadata: json,
    raw_user_meta_data: json,
    user_metadata: json,
    email_confirmed_at: time,
    phone_confirmed_at: time,
    invited_at: time,
    created_at: time,
    updated_at: time,
    last_sign_in_at: time,
    banned_until: time,
    deleted_at: time,
    is_anonymous: z.boolean('Either true or false.').nullish(),
    identities: z.array(identityRow).nullish(),
    mfa_factors: z.array(factorRow).nullish(),
    factors: z.array(factorRow).nullish(),
  },
  'An object is needed.',
)

export type UserRow = z.output<typeof userRow>
export type IdentityRow = z.output<typeof identityRow>
export type FactorRow = z.output<typeof factorRow>
