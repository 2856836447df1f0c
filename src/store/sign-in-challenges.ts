import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { SecondFactorMethod, SignInChallenge } from '../core/accounts/challenge.ts'
import type { ChallengeStore } from '../core/accounts/second-factor-store.ts'
import { roles, signInChallenges, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { useProof } from './factor-proofs.ts'
import { roleOf } from './roles.ts'
import { userOf } from './users.ts'

export function challengeStore(db: Database): ChallengeStore {
  return {
    async insertChallenge(challenge) {
      await db.insert(signInChallenges).values({ ...challenge, methods: [...challenge.methods] })
    },

    async findChallenge(id) {
      const [row] = await db
        .select({ challenge: signInChallenges, user: users, role: roles })
        .from(signInChallenges)
        .innerJoin(users, eq(users.id, signInChallenges.userId))
        .innerJoin(roles, eq(roles.id, users.roleId))
        .where(eq(signInChallenges.id, id))
      return row && { challenge: challengeOf(row.challenge), user: userOf(row.user), role: roleOf(row.role) }
    },

    async setChallengeCode(id, { digest, expiresAt, at }, also) {
      const set = await allOrNothing(db, async (tx) => {
        const changed = await tx
          .update(signInChallenges)
          .set({ codeDigest: digest, codeExpiresAt: expiresAt })
          .where(isOpen(id, at))
          .returning({ id: signInChallenges.id })
        if (changed.length === 0) return undefined
        await addAlso(tx, also)
        return true
      })
      return set ?? false
    },

    async takeChallengeAttempt(id, now) {
      const taken = await db
        .update(signInChallenges)
        .set({ attemptsLeft: sql`${signInChallenges.attemptsLeft} - 1` })
        .where(and(isOpen(id, now), gt(signInChallenges.attemptsLeft, 0)))
        .returning({ id: signInChallenges.id })
      return taken.length === 1
    },

    async passChallenge({ id, proof, at }, also) {
      const passed = await allOrNothing(db, async (tx) => {
        const used = await tx
          .update(signInChallenges)
          .set({ usedAt: at })
          .where(
            and(
              isOpen(id, at),
              proof.kind === 'email'
                ? and(
                    eq(signInChallenges.codeDigest, proof.codeDigest),
                    gt(signInChallenges.codeExpiresAt, at),
                  )
                : undefined,
            ),
          )
          .returning({ id: signInChallenges.id })
        if (used.length === 0) return undefined
        if (proof.kind !== 'email' && !(await useProof(tx, proof, at))) return undefined
        await addAlso(tx, also)
        return true
      })
      return passed ?? false
    },
  }
}

function isOpen(id: string, now: Date) {
  return and(
    eq(signInChallenges.id, id),
    isNull(signInChallenges.usedAt),
    gt(signInChallenges.expiresAt, now),
  )
}

function challengeOf(row: typeof signInChallenges.$inferSelect): SignInChallenge {
  return {
    ...row,
    // Written by us, from the same list.
    methods: row.methods as SecondFactorMethod[],
    codeDigest: row.codeDigest ?? undefined,
    codeExpiresAt: row.codeExpiresAt ?? undefined,
    usedAt: row.usedAt ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
  }
}
