import type { Store } from '../ports.ts'

/** Whether somebody has a second factor that counts. */
export async function hasFactor(store: Pick<Store, 'listFactors'>, userId: string): Promise<boolean> {
  return (await store.listFactors(userId)).some(({ activatedAt }) => activatedAt !== undefined)
}
