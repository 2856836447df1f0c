import { eq, sql } from 'drizzle-orm'
import type {
  AccountFactor,
  AccountRecord,
  AccountViewStore,
  NewestToken,
} from '../core/accounts/account-view.ts'
import type { Identity } from '../core/accounts/identity.ts'
import { factors, oneTimeTokens, roles, users } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { identities } from './identities-schema.ts'
import { roleOf } from './roles.ts'
import { userOf } from './users.ts'

export function accountRecordStore(db: Database): AccountViewStore {
  return {
    async findAccountRecord(userId) {
      const [row] = await accountRecords(db).where(eq(users.id, userId))
      return row && recordOf(row)
    },
  }
}

/** Accounts with what hangs on them, to be narrowed by a condition. */
export function accountRecords(db: Pick<Database, 'select'>) {
  return db
    .select({
      user: users,
      role: roles,
      identities: sql<readonly Row<Identity>[]>`(select coalesce(jsonb_agg(jsonb_build_object(
          'id', ${identities.id}, 'userId', ${identities.userId}, 'provider', ${identities.provider},
          'providerId', ${identities.providerId}, 'data', ${identities.data}, 'createdAt', ${identities.createdAt},
          'updatedAt', ${identities.updatedAt}, 'lastSignInAt', ${identities.lastSignInAt})
          order by ${identities.createdAt}, ${identities.id}), '[]'::jsonb)
        from ${identities} where ${identities.userId} = ${users.id})`,
      factors: sql<readonly Row<AccountFactor>[]>`(select coalesce(jsonb_agg(jsonb_build_object(
          'id', ${factors.id}, 'userId', ${factors.userId}, 'kind', ${factors.kind}, 'name', ${factors.name},
          'createdAt', ${factors.createdAt}, 'activatedAt', ${factors.activatedAt})
          order by ${factors.createdAt}, ${factors.id}), '[]'::jsonb)
        from ${factors} where ${factors.userId} = ${users.id})`,
      newest: sql<readonly Row<NewestToken>[]>`(select coalesce(jsonb_agg(to_jsonb(latest)), '[]'::jsonb)
        from (select distinct on (${oneTimeTokens.purpose}) ${oneTimeTokens.purpose} as purpose,
            ${oneTimeTokens.email} as email, ${oneTimeTokens.phone} as phone,
            ${oneTimeTokens.createdAt} as "createdAt", ${oneTimeTokens.expiresAt} as "expiresAt",
            ${oneTimeTokens.usedAt} as "usedAt"
          from ${oneTimeTokens} where ${oneTimeTokens.userId} = ${users.id}
          order by ${oneTimeTokens.purpose}, ${oneTimeTokens.createdAt} desc, ${oneTimeTokens.id}) latest)`,
    })
    .from(users)
    .innerJoin(roles, eq(roles.id, users.roleId))
    .$dynamic()
}

/** A row as JSON has it: times are texts, and nothing is null. */
type Row<T> = {
  readonly [K in keyof T]: Date extends T[K]
    ? undefined extends T[K]
      ? string | null
      : string
    : undefined extends T[K]
      ? Exclude<T[K], undefined> | null
      : T[K]
}

export function recordOf(row: Awaited<ReturnType<typeof accountRecords>>[number]): AccountRecord {
  return {
    user: userOf(row.user),
    role: roleOf(row.role),
    identities: row.identities.map((identity) => ({
      ...identity,
      createdAt: new Date(identity.createdAt),
      updatedAt: new Date(identity.updatedAt),
      lastSignInAt: timeOf(identity.lastSignInAt),
    })),
    factors: row.factors.map((factor) => ({
      ...factor,
      createdAt: new Date(factor.createdAt),
      activatedAt: timeOf(factor.activatedAt),
    })),
    newest: row.newest.map(({ purpose, email, phone, createdAt, expiresAt, usedAt }) => ({
      purpose,
      email: email ?? undefined,
      phone: phone ?? undefined,
      createdAt: new Date(createdAt),
      expiresAt: new Date(expiresAt),
      usedAt: timeOf(usedAt),
    })),
  }
}

function timeOf(text: string | null): Date | undefined {
  return text === null ? undefined : new Date(text)
}
