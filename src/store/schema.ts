import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { JWK } from 'jose'
import type { RateLimit } from '../core/keys/api-key.ts'
import { revocationKinds } from '../core/tokens/revocations.ts'
import type { SessionFace } from '../core/tokens/session.ts'
import { users } from './accounts-schema.ts'
import { moment } from './moment.ts'

export const clients = pgTable(
  'clients',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
    permissions: text('permissions').array().notNull(),
    createdAt: moment('created_at').notNull(),
    disabledAt: moment('disabled_at'),
    notBefore: moment('not_before'),
    ownerId: uuid('owner_id').references(() => users.id),
  },
  (table) => [
    uniqueIndex('clients_name_key').on(sql`lower(${table.name})`),
    index('clients_created_at_idx').on(table.createdAt, table.id),
    index('clients_owner_id_idx').on(table.ownerId).where(sql`${table.ownerId} is not null`),
  ],
)

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    clientId: uuid('client_id')
      .notNull()
      .references(() => clients.id),
    name: text('name').notNull(),
    prefix: text('prefix').notNull(),
    permissions: text('permissions').array().notNull(),
    digest: text('digest').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at'),
    disabledAt: moment('disabled_at'),
    revokedAt: moment('revoked_at'),
    revokedReason: text('revoked_reason'),
    successorId: text('successor_id'),
    rotatedAt: moment('rotated_at'),
    retiresAt: moment('retires_at'),
    allowedCidrs: text('allowed_cidrs').array().notNull().default(sql`'{}'`),
    rateLimit: jsonb('rate_limit').$type<RateLimit>(),
    quota: bigint('quota', { mode: 'number' }),
    metadata: jsonb('metadata').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    canary: boolean('canary').notNull().default(false),
    version: integer('version').notNull(),
  },
  (table) => [index('api_keys_client_id_idx').on(table.clientId, table.createdAt, table.id)],
)

// Beside api_keys, whose rows change only when an operator changes them: these two are written by every call.
export const keyUsage = pgTable('key_usage', {
  keyId: text('key_id').primaryKey(),
  count: bigint('count', { mode: 'number' }).notNull(),
  lastUsedAt: moment('last_used_at').notNull(),
  lastAddress: text('last_address'),
  lastUserAgent: text('last_user_agent'),
})

export const keyQuotas = pgTable('key_quotas', {
  keyId: text('key_id').primaryKey(),
  taken: bigint('taken', { mode: 'number' }).notNull(),
})

export const rateLimits = pgTable(
  'rate_limits',
  {
    bucket: text('bucket').primaryKey(),
    // To the microsecond, which a limit of a million calls an hour needs.
    arrivalAt: timestamp('arrival_at', { withTimezone: true, precision: 6, mode: 'date' }).notNull(),
    allowed: boolean('allowed').notNull(),
  },
  (table) => [index('rate_limits_arrival_at_idx').on(table.arrivalAt)],
)

export const replays = pgTable(
  'replays',
  {
    id: text('id').primaryKey(),
    fingerprint: text('fingerprint').notNull(),
    sealedAnswer: text('sealed_answer').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [index('replays_expires_at_idx').on(table.expiresAt)],
)

export const revocations = pgTable(
  'revocations',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    kind: text('kind', { enum: [...revocationKinds] }).notNull(),
    subject: text('subject').notNull(),
    cutoff: moment('cutoff').notNull(),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    index('revocations_created_at_idx').on(table.createdAt),
    index('revocations_expires_at_idx').on(table.expiresAt),
  ],
)

// No foreign key to api_keys: it would lock the key's row at each exchange, and one hot key would become slow.
// No index but the two that the hot path and pruning need: each further one costs every exchange. The one for people
// holds none of the machines' rows, and so costs them nothing.
export const sessions = pgTable(
  'sessions',
  {
    id: uuid('id').primaryKey(),
    // Of a machine's session; null in a person's, which has the columns at the end.
    clientId: uuid('client_id'),
    keyId: text('key_id'),
    refreshDigest: text('refresh_digest').notNull(),
    previousRefreshDigest: text('previous_refresh_digest'),
    rotates: boolean('rotates').notNull().default(false),
    permissions: text('permissions').array(),
    audiences: text('audiences').array(),
    accessTtlSeconds: integer('access_ttl_seconds'),
    createdAt: moment('created_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    lastUsedAt: moment('last_used_at').notNull(),
    revokedAt: moment('revoked_at'),
    userId: uuid('user_id'),
    aal: smallint('aal'),
    amr: text('amr').array(),
    authenticatedAt: moment('authenticated_at'),
    address: text('address'),
    userAgent: text('user_agent'),
    // Null of the native face.
    face: text('face').$type<Exclude<SessionFace, 'native'>>(),
  },
  (table) => [
    index('sessions_expires_at_idx').on(table.expiresAt),
    index('sessions_user_id_idx').on(table.userId).where(sql`${table.userId} is not null`),
  ],
)

export const signingKeys = pgTable('signing_keys', {
  kid: text('kid').primaryKey(),
  algorithm: text('algorithm', { enum: ['ES256', 'EdDSA', 'RS256', 'HS256'] }).notNull(),
  publicJwk: jsonb('public_jwk').$type<JWK>(),
  sealedPrivateJwk: text('sealed_private_jwk'),
  origin: text('origin', { enum: ['made', 'imported', 'trusted'] })
    .notNull()
    .default('made'),
  createdAt: moment('created_at').notNull(),
  activeFrom: moment('active_from'),
  retiresAt: moment('retires_at'),
  goneAt: moment('gone_at'),
})

// Rows are added by whoever acts: with `seq` and `hash` where the chain ends as remembered, and without them where one
// instance at a time links them later.
export const auditEvents = pgTable(
  'audit_events',
  {
    id: uuid('id').primaryKey(),
    at: moment('at').notNull(),
    kind: text('kind').notNull(),
    clientId: text('client_id'),
    keyId: text('key_id'),
    sessionId: text('session_id'),
    target: text('target'),
    reason: text('reason'),
    address: text('address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    count: integer('count').notNull().default(1),
    details: jsonb('details').$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    userId: text('user_id'),
    seq: bigint('seq', { mode: 'number' }),
    hash: text('hash'),
  },
  (table) => [
    uniqueIndex('audit_events_seq_key').on(table.seq),
    index('audit_events_unlinked_idx').on(table.at, table.id).where(sql`${table.seq} is null`),
    index('audit_events_at_idx').on(table.at, table.id),
    // What a person did, and what was done to them. The deeds of machines, which are many, are in neither.
    index('audit_events_user_id_idx')
      .on(table.userId, table.at, table.id)
      .where(sql`${table.userId} is not null`),
    index('audit_events_user_target_idx')
      .on(table.target, table.at, table.id)
      .where(sql`${table.kind} like 'user.%'`),
  ],
)

// The two ends of the chain: what was pruned before its first row, and where its last one must be.
export const auditChain = pgTable('audit_chain', {
  id: integer('id').primaryKey(),
  firstSeq: bigint('first_seq', { mode: 'number' }).notNull(),
  hashBeforeFirst: text('hash_before_first').notNull(),
  lastSeq: bigint('last_seq', { mode: 'number' }).notNull(),
  lastHash: text('last_hash').notNull(),
  seal: text('seal').notNull(),
})
