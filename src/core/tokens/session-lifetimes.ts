import type { Policy } from '../policy.ts'
import type { SessionFace } from './session.ts'

/** How long the sessions of people live that a face opens, and their access tokens; undefined follows the policy. */
export function sessionLifetimes(
  { userRefreshTtlSeconds, supabase, mytone }: Policy,
  face: SessionFace,
): { readonly accessTtlSeconds: number | undefined; readonly refreshTtlSeconds: number } {
  const lifetimes = {
    native: { accessTtlSeconds: undefined, refreshTtlSeconds: userRefreshTtlSeconds },
    supabase: { accessTtlSeconds: supabase.accessTtlSeconds, refreshTtlSeconds: userRefreshTtlSeconds },
    mytone,
  } as const
  return lifetimes[face]
}
