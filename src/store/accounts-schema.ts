import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { FactorKind } from '../core/accounts/factor.ts'
import type { MessageKind } from '../core/accounts/mail.ts'
import type { CodeChallengeMethod, OneTimeTokenPurpose } from '../core/accounts/one-time-token.ts'
import type { SignInMethod, SignInOutcome } from '../core/accounts/sign-in-record.ts'
import { moment } from './moment.ts'

export const roles = pgTable('role', {
  id: uuid('id_role').primaryKey(),
  name: text('name').notNull().unique('role_name_key'),
  permissions: jsonb('permissions').$type<readonly string[]>().notNull().default([]),
  createdAt: moment('created_at').notNull(),
  builtIn: boolean('built_in').notNull().default(false),
  secondFactorRequired: boolean('second_factor_required').notNull().default(false),
  version: integer('version').notNull().default(1),
})

export const users = pgTable(
  'users',
  {
    id: uuid('id_user').primaryKey(),
    // As core/accounts/email.ts normalises it. A deleted user keeps it, so that nobody else gets it meanwhile. Null where
    // somebody has none: who signs in by telephone, or has not said who they are.
    email: text('email'),
    username: text('username'),
    // Null until an invited user sets one.
    passwordHash: text('password_hash'),
    roleId: uuid('role_id')
      .notNull()
      .references(() => roles.id),
    createdAt: moment('created_at').notNull(),
    name: text('name'),
    surname: text('surname'),
    phone: text('phone'),
    locale: text('locale'),
    avatarUrl: text('avatar_url'),
    metadata: jsonb('metadata').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    emailConfirmedAt: moment('email_confirmed_at'),
    disabledAt: moment('disabled_at'),
    deletedAt: moment('deleted_at'),
    erasedAt: moment('erased_at'),
    notBefore: moment('not_before'),
    passwordChangedAt: moment('password_changed_at'),
    mustResetPassword: boolean('must_reset_password').notNull().default(false),
    version: integer('version').notNull().default(1),
    // Digits alone, as codes are sent to it; `phone` is what people say of themselves.
    signInPhone: text('sign_in_phone'),
    phoneConfirmedAt: moment('phone_confirmed_at'),
    isAnonymous: boolean('is_anonymous').notNull().default(false),
    bannedUntil: moment('banned_until'),
    // What the operator's own programs keep of a user: no user writes it.
    appMetadata: jsonb('app_metadata').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    claimRole: text('claim_role').notNull().default('authenticated'),
    updatedAt: moment('updated_at'),
    lastSignInAt: moment('last_sign_in_at'),
    invitedAt: moment('invited_at'),
  },
  (table) => [
    uniqueIndex('users_email_key').on(table.email),
    uniqueIndex('users_sign_in_phone_key').on(table.signInPhone),
    uniqueIndex('users_username_key').on(sql`lower(${table.username})`),
    index('users_created_at_idx').on(table.createdAt, table.id),
    index('users_role_id_idx').on(table.roleId),
    index('users_deleted_at_idx').on(table.deletedAt).where(sql`${table.deletedAt} is not null`),
  ],
)

export const oneTimeTokens = pgTable(
  'one_time_tokens',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    purpose: text('purpose').$type<OneTimeTokenPurpose>().notNull(),
    digest: text('digest').notNull(),
    // The address that it was mailed to, or that it is about.
    email: text('email'),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
    // Null where the token is too long to be guessed, and no code counts as much.
    attemptsLeft: integer('attempts_left'),
    // Of six digits that count as much as the token.
    codeDigest: text('code_digest'),
    // The number that it was sent to, or that it is about.
    phone: text('phone'),
    codeChallenge: text('code_challenge'),
    codeChallengeMethod: text('code_challenge_method').$type<CodeChallengeMethod>(),
    method: text('method'),
    redirectTo: text('redirect_to'),
  },
  (table) => [
    index('one_time_tokens_user_id_idx').on(table.userId, table.purpose),
    index('one_time_tokens_expires_at_idx').on(table.expiresAt),
    // Those that are looked for by a contact that may be nobody's: all others are, by whose they are.
    index('one_time_tokens_email_idx')
      .on(table.email)
      .where(
        sql`${table.purpose} in ('email-undo', 'supabase-email-change', 'supabase-email-change-current')`,
      ),
    index('one_time_tokens_phone_idx').on(table.phone).where(sql`${table.purpose} = 'phone-change'`),
  ],
)

export const factors = pgTable(
  'factors',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<FactorKind>().notNull(),
    name: text('name').notNull(),
    // Null where there is no secret: a code that is mailed.
    sealedSecret: text('sealed_secret'),
    createdAt: moment('created_at').notNull(),
    activatedAt: moment('activated_at'),
    // The last time step that a code was taken of, so that none is taken twice.
    lastStep: bigint('last_step', { mode: 'number' }),
  },
  (table) => [index('factors_user_id_idx').on(table.userId)],
)

export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    digest: text('digest').notNull(),
    createdAt: moment('created_at').notNull(),
    usedAt: moment('used_at'),
  },
  (table) => [index('recovery_codes_user_id_idx').on(table.userId)],
)

export const signInChallenges = pgTable(
  'sign_in_challenges',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    // The version of the user whose password was judged: a change of it ends the challenge.
    userVersion: integer('user_version').notNull(),
    digest: text('digest').notNull(),
    methods: text('methods').array().notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    attemptsLeft: integer('attempts_left').notNull(),
    codeDigest: text('code_digest'),
    codeExpiresAt: moment('code_expires_at'),
    usedAt: moment('used_at'),
    address: text('address'),
    userAgent: text('user_agent'),
  },
  (table) => [
    index('sign_in_challenges_user_id_idx').on(table.userId),
    index('sign_in_challenges_expires_at_idx').on(table.expiresAt),
  ],
)

// What a person sees of their own sign-ins; the audit log is the operator's.
export const signIns = pgTable(
  'sign_ins',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id').references(() => users.id, { onDelete: 'cascade' }),
    at: moment('at').notNull(),
    address: text('address'),
    userAgent: text('user_agent'),
    method: text('method').$type<SignInMethod>().notNull(),
    outcome: text('outcome').$type<SignInOutcome>().notNull(),
    requestId: text('request_id'),
  },
  (table) => [
    index('sign_ins_user_id_idx').on(table.userId, table.at, table.id),
    index('sign_ins_at_idx').on(table.at),
  ],
)

export const knownDevices = pgTable(
  'known_devices',
  {
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    digest: text('digest').notNull(),
    lastSeenAt: moment('last_seen_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.digest] }),
    index('known_devices_last_seen_at_idx').on(table.lastSeenAt),
  ],
)

export const signInFailures = pgTable(
  'sign_in_failures',
  {
    subject: text('subject').primaryKey(),
    failures: integer('failures').notNull(),
    lastFailedAt: moment('last_failed_at').notNull(),
    blockedUntil: moment('blocked_until'),
  },
  (table) => [index('sign_in_failures_last_failed_at_idx').on(table.lastFailedAt)],
)

export const mailOutbox = pgTable(
  'mail_outbox',
  {
    id: uuid('id').primaryKey(),
    userId: uuid('user_id'),
    kind: text('kind').$type<MessageKind>().notNull(),
    locale: text('locale').notNull(),
    sealedMessage: text('sealed_message').notNull(),
    // A newer mail of the same key makes this one void while it is not sent.
    voidKey: text('void_key'),
    createdAt: moment('created_at').notNull(),
    nextAttemptAt: moment('next_attempt_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    sentAt: moment('sent_at'),
    failedAt: moment('failed_at'),
    lastError: text('last_error'),
  },
  (table) => [
    index('mail_outbox_due_idx')
      .on(table.nextAttemptAt)
      .where(sql`${table.sentAt} is null and ${table.failedAt} is null`),
    index('mail_outbox_void_key_idx')
      .on(table.voidKey)
      .where(sql`${table.sentAt} is null and ${table.failedAt} is null`),
    index('mail_outbox_created_at_idx').on(table.createdAt),
  ],
)
