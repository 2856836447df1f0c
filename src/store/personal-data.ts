import { and, desc, eq, inArray, or, sql } from 'drizzle-orm'
import type { OwnAccountStore } from '../core/accounts/own-account-store.ts'
import { type PersonalData, personalDataRowsMax } from '../core/accounts/personal-data.ts'
import {
  factors,
  knownDevices,
  mailOutbox,
  oneTimeTokens,
  recoveryCodes,
  roles,
  signIns,
  users,
} from './accounts-schema.ts'
import { keyOf } from './api-keys.ts'
import { storedEventOf } from './audit-events.ts'
import { clientOf } from './clients.ts'
import type { Database } from './database.ts'
import { identities, profiles } from './identities-schema.ts'
import { tokenOf } from './one-time-tokens.ts'
import { roleOf } from './roles.ts'
import { apiKeys, auditEvents, clients, sessions } from './schema.ts'
import { personSessionColumns, personSessionOf } from './session-rows.ts'
import { recordOf } from './sign-ins.ts'
import { userOf } from './users.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

export function personalDataStore(db: Database): Pick<OwnAccountStore, 'findPersonalData'> {
  return {
    findPersonalData: (id) =>
      // One moment of all of it.
      db.transaction((tx) => find(tx, id), { isolationLevel: 'repeatable read', accessMode: 'read only' }),
  }
}

async function find(tx: Transaction, id: string): Promise<PersonalData | undefined> {
  const [row] = await tx
    .select({ user: users, role: roles })
    .from(users)
    .innerJoin(roles, eq(roles.id, users.roleId))
    .where(eq(users.id, id))
  if (row === undefined) return undefined
  return {
    user: userOf(row.user),
    role: roleOf(row.role),
    ...(await findBeside(tx, id)),
    ...(await findHistory(tx, id)),
    ...(await findWaysIn(tx, id)),
    ...(await findOwned(tx, id)),
  }
}

async function findBeside(tx: Transaction, id: string) {
  const [profile] = await tx.select().from(profiles).where(eq(profiles.id, id))
  const known = await tx.select().from(identities).where(eq(identities.userId, id))
  return {
    profile: profile && { ...profile, name: profile.name ?? undefined },
    identities: known.map((identity) => ({ ...identity, lastSignInAt: identity.lastSignInAt ?? undefined })),
  }
}

async function findHistory(tx: Transaction, id: string) {
  const max = personalDataRowsMax
  const ended = await tx
    .select(personSessionColumns)
    .from(sessions)
    .where(eq(sessions.userId, id))
    .orderBy(desc(sessions.createdAt))
    .limit(max)
  const tried = await tx
    .select()
    .from(signIns)
    .where(eq(signIns.userId, id))
    .orderBy(desc(signIns.at))
    .limit(max)
  const told = await tx
    .select()
    .from(auditEvents)
    .where(
      or(eq(auditEvents.userId, id), and(eq(auditEvents.target, id), sql`${auditEvents.kind} like 'user.%'`)),
    )
    .orderBy(desc(auditEvents.at), desc(auditEvents.id))
    .limit(max)
  const mailed = await tx
    .select({ kind: mailOutbox.kind, createdAt: mailOutbox.createdAt, sentAt: mailOutbox.sentAt })
    .from(mailOutbox)
    .where(eq(mailOutbox.userId, id))
    .orderBy(desc(mailOutbox.createdAt))
    .limit(max)
  return {
    sessions: ended.map(personSessionOf),
    signIns: tried.map(recordOf),
    events: told.map(storedEventOf),
    mails: mailed.map((mail) => ({ ...mail, sentAt: mail.sentAt ?? undefined })),
  }
}

async function findWaysIn(tx: Transaction, id: string) {
  const devices = await tx
    .select({ lastSeenAt: knownDevices.lastSeenAt })
    .from(knownDevices)
    .where(eq(knownDevices.userId, id))
  const own = await tx
    .select({
      id: factors.id,
      userId: factors.userId,
      kind: factors.kind,
      name: factors.name,
      createdAt: factors.createdAt,
      activatedAt: factors.activatedAt,
    })
    .from(factors)
    .where(eq(factors.userId, id))
  const codes = await tx
    .select({ createdAt: recoveryCodes.createdAt, usedAt: recoveryCodes.usedAt })
    .from(recoveryCodes)
    .where(eq(recoveryCodes.userId, id))
  const links = await tx.select().from(oneTimeTokens).where(eq(oneTimeTokens.userId, id))
  return {
    devices,
    factors: own.map((factor) => ({ ...factor, activatedAt: factor.activatedAt ?? undefined })),
    recoveryCodes: codes.map((code) => ({ ...code, usedAt: code.usedAt ?? undefined })),
    links: links.map(tokenOf),
  }
}

async function findOwned(tx: Transaction, id: string) {
  const owned = (await tx.select().from(clients).where(eq(clients.ownerId, id))).map(clientOf)
  const ids = owned.map((client) => client.id)
  const keys = ids.length === 0 ? [] : await tx.select().from(apiKeys).where(inArray(apiKeys.clientId, ids))
  return { clients: owned, keys: keys.map(keyOf) }
}
