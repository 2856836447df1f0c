import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { SettledFailures, SignInFailures } from './account-store.ts'

/** How failures of one kind of subject slow down the next attempt. */
interface Slowing {
  /** So many failures make whoever comes next a suspect, who is asked for a captcha where there is one. */
  readonly suspectAfter: number
  /** The failure from which on there is a delay: of one second, doubled by each further one. */
  readonly from: number
  /** After so long without a failure all are forgotten. */
  readonly forgottenAfterSeconds: number
}

const DAY_SECONDS = 86_400
/** One address at one account. */
const pairSlowing: Slowing = { suspectAfter: 3, from: 5, forgottenAfterSeconds: DAY_SECONDS }
/** One address at all accounts together. */
const addressSlowing: Slowing = { suspectAfter: 10, from: 50, forgottenAfterSeconds: 3600 }
/** All addresses at one account, but for those that have signed in there before. */
const accountSlowing: Slowing = { suspectAfter: 10, from: 50, forgottenAfterSeconds: DAY_SECONDS }
const DELAY_MAX_SECONDS = 900

/** An attempt at an account, by the subjects that its failure would count against. */
export interface Attempt {
  readonly pair: string
  readonly address: string
  /** Undefined where a known device tries: a stranger must not be able to lock its owner out. */
  readonly account: string | undefined
}

/** Suspects are those who come after failures. */
type TakenAttempt = Result<{ readonly isSuspect: boolean }, Failure>

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
 * attempts at once is more than the limit. Refused while an earlier failure's delay lasts, and as a suspect's where they
 * are not admitted; then nothing is counted.
 */
export async function takeAttempt(
  { store }: Pick<World, 'store'>,
  attempt: Attempt,
  { now, suspects = ok(undefined) }: { readonly now: Date; readonly suspects?: Result<void, Failure> },
): Promise<TakenAttempt> {
  const slowings = new Map([
    [attempt.pair, pairSlowing],
    [attempt.address, addressSlowing],
    ...(attempt.account === undefined ? [] : [[attempt.account, accountSlowing] as const]),
  ])
  return store.changeSignInFailures<TakenAttempt>([...slowings.keys()], (found) => {
    const waitSeconds = Math.max(...found.map((failures) => waitSecondsOf(failures, now)))
    if (waitSeconds > 0) return { write: [], outcome: fail(delayed(waitSeconds)) }
    const isSuspect = found.some((failures) => {
      const slowing = slowings.get(failures.subject) ?? pairSlowing
      return countedOf(failures, slowing, now) >= slowing.suspectAfter
    })
    if (isSuspect && !suspects.ok) return { write: [], outcome: suspects }
    const write = found.map((failures) => oneMore(failures, slowings.get(failures.subject), now))
    return { write, outcome: ok({ isSuspect }) }
  })
}

function delayed(waitSeconds: number): Failure {
  const { from: limit } = pairSlowing
  const state = {
    policy: 'login',
    limit,
    windowSeconds: DELAY_MAX_SECONDS,
    remaining: 0,
    resetSeconds: waitSeconds,
  } as const
  return { reason: 'login_delayed', state }
}

/** What becomes of the failures that an attempt was counted as, when it has come to a good end. */
export function settledBy({ pair, address, account }: Attempt): SettledFailures {
  return { cleared: [pair], givenBack: account === undefined ? [address] : [address, account] }
}

/** What becomes of them where nobody has looked at the attempt. */
export function givenBackBy({ pair, address, account }: Attempt): SettledFailures {
  return { cleared: [], givenBack: account === undefined ? [pair, address] : [pair, address, account] }
}

function waitSecondsOf({ blockedUntil }: SignInFailures, now: Date): number {
  const seconds = blockedUntil === undefined ? 0 : Math.ceil((blockedUntil.getTime() - now.getTime()) / 1000)
  // No delay is longer: what seems to be was written before a clock stepped back.
  return Math.min(Math.max(seconds, 0), DELAY_MAX_SECONDS)
}

/** The failures that are not forgotten. */
function countedOf(
  { failures, lastFailedAt }: SignInFailures,
  { forgottenAfterSeconds }: Slowing,
  now: Date,
): number {
  return now.getTime() - lastFailedAt.getTime() >= forgottenAfterSeconds * 1000 ? 0 : failures
}

function oneMore(before: SignInFailures, slowing: Slowing = pairSlowing, now: Date): SignInFailures {
  const { from } = slowing
  const failures = countedOf(before, slowing, now) + 1
  const delaySeconds = failures < from ? 0 : Math.min(2 ** (failures - from), DELAY_MAX_SECONDS)
  const blockedUntil = delaySeconds === 0 ? undefined : new Date(now.getTime() + delaySeconds * 1000)
  return { subject: before.subject, failures, lastFailedAt: now, blockedUntil }
}
