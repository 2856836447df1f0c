import { eq, lt, sql } from 'drizzle-orm'
import { emissionIntervalMs, type RateTake } from '../core/limits/rate-limit.ts'
import type { LimitStore } from '../core/ports.ts'
import type { Database } from './database.ts'
import { keyQuotas, rateLimits } from './schema.ts'

export function limitStore(db: Database): LimitStore {
  return {
    async takeRate(take) {
      const { now, step, next, allowed } = arithmetic(take)
      const [row] = await db
        .insert(rateLimits)
        .values({ bucket: take.bucket, arrivalAt: sql`${now} + ${step}`, allowed: true })
        // The row's lock makes one call of two that come together, on whatever instance they come.
        .onConflictDoUpdate({
          target: rateLimits.bucket,
          set: {
            arrivalAt: sql`case when ${allowed} then ${next} else ${rateLimits.arrivalAt} end`,
            allowed,
          },
        })
        .returning()
      if (row === undefined) throw new Error('An upsert answers a row.')
      return { allowed: row.allowed, arrivalAt: row.arrivalAt }
    },

    async peekRate(take) {
      const { allowed } = arithmetic(take)
      const [row] = await db
        .select({ arrivalAt: rateLimits.arrivalAt, allowed: sql<boolean>`${allowed}` })
        .from(rateLimits)
        .where(eq(rateLimits.bucket, take.bucket))
      return row ?? { allowed: true, arrivalAt: take.now }
    },

    async takeQuota(keyId, quota) {
      const [row] = await db
        .insert(keyQuotas)
        .values({ keyId, taken: 1 })
        .onConflictDoUpdate({
          target: keyQuotas.keyId,
          set: { taken: sql`${keyQuotas.taken} + 1` },
          setWhere: lt(keyQuotas.taken, quota),
        })
        .returning({ taken: keyQuotas.taken })
      return row?.taken
    },

    async peekQuota(keyId, quota) {
      const [row] = await db.select().from(keyQuotas).where(eq(keyQuotas.keyId, keyId))
      const taken = row?.taken ?? 0
      return taken < quota ? taken + 1 : undefined
    },
  }
}

/** The generic cell rate algorithm in SQL, by the clock of the one who asks. */
function arithmetic(take: RateTake) {
  const now = sql`${take.now.toISOString()}::timestamptz`
  const step = sql`make_interval(secs => ${emissionIntervalMs(take) / 1000}::float8)`
  const window = sql`make_interval(secs => ${take.windowSeconds}::float8)`
  // No bucket can be fuller than full: an arrival beyond the window was written before a clock stepped back.
  const full = sql`${now} + ${window}`
  const base = sql`case when ${rateLimits.arrivalAt} > ${full} then ${now} else greatest(${rateLimits.arrivalAt}, ${now}) end`
  const next = sql`(${base}) + ${step}`
  return { now, step, next, allowed: sql`${next} <= ${full}` }
}
