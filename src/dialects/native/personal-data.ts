import { z } from '@hono/zod-openapi'
import type { PersonalData } from '../../core/accounts/personal-data.ts'
import { eventSchema, spellEvent } from './audit.ts'
import { clientSchema, spellClient } from './clients.ts'
import { personSessionSchema, signInSchema, spellPersonSession, spellSignIn } from './own-sessions.ts'
import { spellUser, userSchema } from './user-schemas.ts'

const time = z.iso.datetime()

/** All that is held about a person. */
export const personalDataSchema = z
  .object({
    user: userSchema,
    password_changed_at: time.nullable(),
    sign_in_phone: z.string().nullable(),
    phone_confirmed_at: time.nullable(),
    app_metadata: z.record(z.string(), z.unknown()),
    invited_at: time.nullable(),
    last_sign_in_at: time.nullable(),
    banned_until: time.nullable(),
    profile: z
      .object({ name: z.string().nullable(), role: z.string(), created_at: time, updated_at: time })
      .nullable(),
    identities: z.array(
      z.object({
        provider: z.string(),
        provider_id: z.string(),
        data: z.record(z.string(), z.unknown()),
        created_at: time,
        last_sign_in_at: time.nullable(),
      }),
    ),
    sessions: z.array(personSessionSchema),
    sign_ins: z.array(signInSchema),
    known_devices: z.array(z.object({ last_seen_at: time })),
    factors: z.array(
      z.object({
        id: z.uuid(),
        kind: z.string(),
        name: z.string(),
        created_at: time,
        activated_at: time.nullable(),
      }),
    ),
    recovery_codes: z.array(z.object({ created_at: time, used_at: time.nullable() })),
    links: z.array(
      z.object({
        purpose: z.string(),
        email: z.string().nullable(),
        phone: z.string().nullable(),
        created_at: time,
        expires_at: time,
        used_at: time.nullable(),
      }),
    ),
    mails: z.array(z.object({ kind: z.string(), created_at: time, sent_at: time.nullable() })),
    clients: z.array(clientSchema),
    keys: z.array(
      z.object({
        id: z.string(),
        client_id: z.uuid(),
        name: z.string(),
        permissions: z.array(z.string()),
        allowed_cidrs: z.array(z.string()),
        metadata: z.record(z.string(), z.unknown()),
        created_at: time,
        expires_at: time.nullable(),
        revoked_at: time.nullable(),
      }),
    ),
    audit_events: z.array(eventSchema),
  })
  .openapi('PersonalData')

/** Field by field: what is not named here is not handed out. */
export function spellPersonalData(data: PersonalData): z.output<typeof personalDataSchema> {
  return {
    user: spellUser(data),
    password_changed_at: iso(data.user.passwordChangedAt),
    sign_in_phone: data.user.signInPhone ?? null,
    phone_confirmed_at: iso(data.user.phoneConfirmedAt),
    app_metadata: data.user.appMetadata,
    invited_at: iso(data.user.invitedAt),
    last_sign_in_at: iso(data.user.lastSignInAt),
    banned_until: iso(data.user.bannedUntil),
    profile: data.profile === undefined ? null : spellProfile(data.profile),
    identities: data.identities.map(({ provider, providerId, data: said, createdAt, lastSignInAt }) => ({
      provider,
      provider_id: providerId,
      data: said,
      created_at: createdAt.toISOString(),
      last_sign_in_at: iso(lastSignInAt),
    })),
    sessions: data.sessions.map(spellPersonSession),
    sign_ins: data.signIns.map(spellSignIn),
    known_devices: data.devices.map(({ lastSeenAt }) => ({ last_seen_at: lastSeenAt.toISOString() })),
    factors: data.factors.map(({ id, kind, name, createdAt, activatedAt }) => ({
      id,
      kind,
      name,
      created_at: createdAt.toISOString(),
      activated_at: iso(activatedAt),
    })),
    recovery_codes: data.recoveryCodes.map(({ createdAt, usedAt }) => ({
      created_at: createdAt.toISOString(),
      used_at: iso(usedAt),
    })),
    links: data.links.map(({ purpose, email, phone, createdAt, expiresAt, usedAt }) => ({
      purpose,
      email: email ?? null,
      phone: phone ?? null,
      created_at: createdAt.toISOString(),
      expires_at: expiresAt.toISOString(),
      used_at: iso(usedAt),
    })),
    mails: data.mails.map(({ kind, createdAt, sentAt }) => ({
      kind,
      created_at: createdAt.toISOString(),
      sent_at: iso(sentAt),
    })),
    clients: data.clients.map((client) => ({ ...spellClient(client), permissions: [...client.permissions] })),
    keys: data.keys.map((key) => ({
      id: key.id,
      client_id: key.clientId,
      name: key.name,
      permissions: [...key.permissions],
      allowed_cidrs: [...key.allowedCidrs],
      metadata: key.metadata,
      created_at: key.createdAt.toISOString(),
      expires_at: iso(key.expiresAt),
      revoked_at: iso(key.revokedAt),
    })),
    audit_events: data.events.map(spellEvent),
  }
}

function spellProfile({ name, role, createdAt, updatedAt }: NonNullable<PersonalData['profile']>) {
  return {
    name: name ?? null,
    role,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  }
}

function iso(at: Date | undefined): string | null {
  return at?.toISOString() ?? null
}
