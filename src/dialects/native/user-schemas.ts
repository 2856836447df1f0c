import { z } from '@hono/zod-openapi'
import type { UserProfile, UserWithRole } from '../../core/accounts/user.ts'
import { name, userMetadata } from './schemas.ts'

/** Read by the core, which knows what an address is: the same answer for whatever is none. */
export const email = z.string('A text is needed.').max(1000, 'At most 1000 characters.')
export const username = z.string().max(100, 'At most 100 characters.')
// Of any length that a body may have: what is too long is told as what it is.
export const password = z.string('A text is needed.')
/** Heeded where the operator has a captcha. A form of one that has none may send it all the same. */
export const captchaToken = z
  .string('A text is needed.')
  .optional()
  .openapi({ description: 'The answer of the captcha, where the operator has one.' })
/** Of a link from a mail. */
export const linkToken = z.string('A text is needed.')

/** What people say of themselves. */
export const profileFields = {
  name: name.optional(),
  surname: name.optional(),
  phone: z
    .string()
    .trim()
    .regex(/^\+?[0-9][0-9 ().-]{3,30}$/, 'A telephone number like +33 1 23 45 67 89.')
    .optional(),
  locale: z
    .string()
    .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/, 'A language tag like fr or pt-BR.')
    .optional(),
  avatar_url: z
    .string()
    .max(2000, 'At most 2000 characters.')
    .refine(isHttpsUrl, 'An https URL without spaces.')
    .optional(),
  metadata: userMetadata.optional(),
}

export const userSchema = z
  .object({
    id: z.uuid(),
    email: z.string().nullable(),
    username: z.string().nullable(),
    name: z.string().nullable(),
    surname: z.string().nullable(),
    phone: z.string().nullable(),
    locale: z.string().nullable(),
    avatar_url: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    role: z.string(),
    created_at: z.iso.datetime(),
    email_confirmed_at: z.iso.datetime().nullable(),
  })
  .openapi('User')

export function spellUser({ user, role }: UserWithRole): z.output<typeof userSchema> {
  return {
    id: user.id,
    email: user.email ?? null,
    username: user.username ?? null,
    name: user.name ?? null,
    surname: user.surname ?? null,
    phone: user.phone ?? null,
    locale: user.locale ?? null,
    avatar_url: user.avatarUrl ?? null,
    metadata: user.metadata,
    role: role.name,
    created_at: user.createdAt.toISOString(),
    email_confirmed_at: user.emailConfirmedAt?.toISOString() ?? null,
  }
}

/** A parser would pass over a line break, and what is kept is the text itself. */
function isHttpsUrl(text: string): boolean {
  if (!/^https:\/\/[^\p{C}\s\\]+$/u.test(text)) return false
  const url = URL.parse(text)
  return url?.protocol === 'https:' && url.username === '' && url.password === ''
}

/** A profile as `profileFields` read it. */
export function readProfile(
  body: {
    readonly [K in keyof typeof profileFields]?: z.output<(typeof profileFields)[K]>
  },
): UserProfile {
  const { name, surname, phone, locale, avatar_url: avatarUrl, metadata = {} } = body
  return { name, surname, phone, locale, avatarUrl, metadata }
}

/** The same fields where they are changed: null empties one. */
export const profileChangeFields = {
  username: username.nullish(),
  name: profileFields.name.nullable(),
  surname: profileFields.surname.nullable(),
  phone: profileFields.phone.nullable(),
  locale: profileFields.locale.nullable(),
  avatar_url: profileFields.avatar_url.nullable(),
  metadata: profileFields.metadata,
}

/** A change of a profile as `profileChangeFields` read it. */
export function readProfileChange(
  body: {
    readonly [K in keyof typeof profileChangeFields]?: z.output<(typeof profileChangeFields)[K]>
  },
) {
  const { username: called, name, surname, phone, locale, avatar_url: avatarUrl, metadata: noted } = body
  return { username: called, name, surname, phone, locale, avatarUrl, metadata: noted }
}
