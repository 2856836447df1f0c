import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { SettledFailures, SignInFailures } from './account-store.ts'

/** How failures of one kind of subject slow down the next attempt. */
interface Slowing {
  /** The failure from which on there is a delay: of one second, doubled by each further one. */
  readonly from: number
  /** After so long without a failure all are forgotten. */
  readonly forgottenAfterSeconds: number
}

const DAY_SECONDS = 86_400
/** One address at one account. */
const pairSlowing: Slowing = { from: 5, forgottenAfterSeconds: DAY_SECONDS }
/** One address at all accounts together. */
const addressSlowing: Slowing = { from: 50, forgottenAfterSeconds: 3600 }
/** All addresses at one account, but for those that have signed in there before. */
const accountSlowing: Slowing = { from: 50, forgottenAfterSeconds: DAY_SECONDS }
const DELAY_MAX_SECONDS = 900

/** An attempt at an account, by the subjects that its failure would count against. */
export interface Attempt {
  readonly pair: string
  readonly address: string
  /** Undefined where a known device tries: a stranger must not be able to lock its owner out. */
  readonly account: string | undefined
}

/** Names the subjects of an attempt. `account` is the user's id, or where there is none the identifier that was given. */
export function attemptOf(
  { vault, addresses }: Pick<World, 'vault' | 'addresses'>,
  {
    account,
    caller,
    deviceKnown,
  }: {
    readonly account: string
    readonly caller: Caller
    readonly deviceKnown: boolean
  },
): Attempt {
  // Callers without an address share one: limited, never skipped.
  const site = caller.address === undefined ? 'unknown' : addresses.site(caller.address)
  const digest = (kind: string, ...of: readonly string[]) =>
    vault.digest('sign-in-subject', JSON.stringify([kind, ...of]))
  return {
    pair: digest('pair', account, site),
    address: digest('address', site),
    account: deviceKnown ? undefined : digest('account', account),
  }
}

/**
 * Takes an attempt before it is looked at: it counts as a failure until it has come to a good end, so that no number of
 * attempts at once is more than the limit. Refused while an earlier failure's delay lasts, and then nothing is counted.
 */
export async function takeAttempt(
  { store }: Pick<World, 'store'>,
  attempt: Attempt,
  now: Date,
): Promise<Result<void, Failure>> {
  const slowings = new Map([
    [attempt.pair, pairSlowing],
    [attempt.address, addressSlowing],
    ...(attempt.account === undefined ? [] : [[attempt.account, accountSlowing] as const]),
  ])
  const waitSeconds = await store.changeSignInFailures([...slowings.keys()], (found) => {
    const wait = Math.max(...found.map((failures) => waitSecondsOf(failures, now)))
    if (wait > 0) return { write: [], outcome: wait }
    return {
      write: found.map((failures) => oneMore(failures, slowings.get(failures.subject), now)),
      outcome: 0,
    }
  })
  if (waitSeconds === 0) return ok(undefined)
  const { from: limit } = pairSlowing
  const state = {
    policy: 'login',
    limit,
    windowSeconds: DELAY_MAX_SECONDS,
    remaining: 0,
    resetSeconds: waitSeconds,
  } as const
  return fail({ reason: 'login_delayed', state })
}

/** What becomes of the failures that an attempt was counted as, when it has come to a good end. */
export function settledBy({ pair, address, account }: Attempt): SettledFailures {
  return { cleared: [pair], givenBack: account === undefined ? [address] : [address, account] }
}

function waitSecondsOf({ blockedUntil }: SignInFailures, now: Date): number {
  const seconds = blockedUntil === undefined ? 0 : Math.ceil((blockedUntil.getTime() - now.getTime()) / 1000)
  // No delay is longer: what seems to be was written before a clock stepped back.
  return Math.min(Math.max(seconds, 0), DELAY_MAX_SECONDS)
}

function oneMore(
  { subject, failures: before, lastFailedAt }: SignInFailures,
  { from, forgottenAfterSeconds }: Slowing = pairSlowing,
  now: Date,
): SignInFailures {
  const forgotten = now.getTime() - lastFailedAt.getTime() >= forgottenAfterSeconds * 1000
  const failures = forgotten ? 1 : before + 1
  const delaySeconds = failures < from ? 0 : Math.min(2 ** (failures - from), DELAY_MAX_SECONDS)
  const blockedUntil = delaySeconds === 0 ? undefined : new Date(now.getTime() + delaySeconds * 1000)
  return { subject, failures, lastFailedAt: now, blockedUntil }
}
