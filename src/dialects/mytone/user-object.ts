import { z } from '@hono/zod-openapi'
import type { UserWithRole } from '../../core/accounts/user.ts'

/** A person as this face shows them to themselves. */
export const userSchema = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    surname: z.string().nullable(),
    email: z.string().nullable(),
    username: z.string().nullable(),
    phone: z.string().nullable(),
    locale: z.string().nullable(),
    avatar_url: z.string().nullable(),
    role: z.string(),
    email_confirmed: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .openapi('MytoneUser')

export function spellUser({ user, role }: UserWithRole): z.output<typeof userSchema> {
  return {
    id: user.id,
    name: user.name ?? null,
    surname: user.surname ?? null,
    email: user.email ?? null,
    username: user.username ?? null,
    phone: user.phone ?? null,
    locale: user.locale ?? null,
    avatar_url: user.avatarUrl ?? null,
    role: role.name,
    email_confirmed: user.emailConfirmedAt !== undefined,
    created_at: user.createdAt.toISOString(),
  }
}
