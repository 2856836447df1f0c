import { clockSkewMaxSeconds, type Policy, refreshLifetimeMaxSeconds } from '../policy.ts'
import type { Session, SessionFace } from './session.ts'

export interface SessionLifetimes {
  /** Undefined follows the policy. */
  readonly accessTtlSeconds: number | undefined
  readonly refreshTtlSeconds: number
  /** True where each refresh begins that time anew, so that a session ends only when nobody uses it. */
  readonly slides: boolean
}

/** How long the sessions of people live that a face opens, and their access tokens. */
export function sessionLifetimes(
  { userRefreshTtlSeconds, supabase, mytone }: Policy,
  face: SessionFace,
): SessionLifetimes {
  const lifetimes = {
    native: { accessTtlSeconds: undefined, refreshTtlSeconds: userRefreshTtlSeconds, slides: false },
    supabase: {
      accessTtlSeconds: supabase.accessTtlSeconds,
      refreshTtlSeconds: supabase.idleTtlSeconds,
      slides: true,
    },
    mytone: {
      accessTtlSeconds: mytone.accessTtlSeconds,
      refreshTtlSeconds: mytone.refreshTtlSeconds,
      slides: false,
    },
  } as const
  return lifetimes[face]
}

/** When a session ends that is opened or goes on at `now`: in whole seconds, so that what is said on the wire is what is kept. */
export function sessionEnds(now: Date, { refreshTtlSeconds }: SessionLifetimes): Date {
  return new Date((Math.floor(now.getTime() / 1000) + refreshTtlSeconds) * 1000)
}

const LEFT_MAX_MS = (refreshLifetimeMaxSeconds + clockSkewMaxSeconds) * 1000

/**
 * Whether the time of a session is over. One that has more left than any may have was opened under a clock that ran ahead,
 * and must not live until then.
 */
export function isOver({ expiresAt }: Pick<Session, 'expiresAt'>, now: Date): boolean {
  const leftMs = expiresAt.getTime() - now.getTime()
  return leftMs <= 0 || leftMs > LEFT_MAX_MS
}
