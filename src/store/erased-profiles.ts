import { eq, inArray } from 'drizzle-orm'
import type { Database } from './database.ts'
import { profiles } from './identities-schema.ts'
import { isForeignKeyViolation } from './store-error.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/**
 * Deletes the profiles of people who are erased. One that rows of the application hold on to is emptied instead of what it
 * had from us: whatever the application has forgotten keeps nobody's erasure.
 */
export async function eraseProfiles(tx: Transaction, ids: readonly string[], at: Date): Promise<void> {
  if (await isDone(tx, (step) => step.delete(profiles).where(inArray(profiles.id, [...ids])))) return
  for (const id of ids) {
    if (await isDone(tx, (step) => step.delete(profiles).where(eq(profiles.id, id)))) continue
    await tx.update(profiles).set({ name: null, updatedAt: at }).where(eq(profiles.id, id))
  }
}

/** Runs a step that takes nothing else with it where a foreign key refuses it. */
async function isDone(tx: Transaction, step: (tx: Transaction) => PromiseLike<unknown>): Promise<boolean> {
  try {
    await tx.transaction(async (inner) => {
      await step(inner)
    })
    return true
  } catch (error) {
    if (isForeignKeyViolation(error)) return false
    throw error
  }
}
