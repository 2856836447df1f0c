import { GuichetError } from './guichet-error.ts'
import type { TokenEndpoint, Tokens } from './token-endpoint.ts'

/** Keeps one access token fresh for many callers. */
export interface TokenKeeper {
  /** A token that is good now. Asks the gateway at most once at a time, whoever calls. */
  readonly token: () => Promise<string>
  /** Drops a token that an API refused; false when a new one is not worth a try. */
  readonly drop: (refused: string) => boolean
  /** Says that a new token was refused like the one before it, so that not every call exchanges the key again. */
  readonly giveUp: () => void
}

export interface TokenKeeperOptions {
  readonly endpoint: TokenEndpoint
  readonly now: () => Date
  readonly sleep: (ms: number) => Promise<void>
  /** From 0 to 1. */
  readonly random: () => number
  /** Keeps what was begun alive beyond the call that began it. */
  readonly waitUntil: ((promise: Promise<unknown>) => void) | undefined
}

interface Flight {
  readonly tokens: Promise<Tokens>
  readonly beganAtMs: number
}

const TRIES_MAX = 3
/** The longest that one call waits for all its `Retry-After` together. */
const WAIT_MAX_SECONDS = 60
/** How long a refusal of the key stands before the key is shown again: wrong keys are counted against the address. */
const REFUSED_SECONDS = 5
/** How soon after a renewal that failed the next one is tried, while the token is still good. */
const RENEW_AGAIN_MS = 5000
/** How long new tokens are not tried for an API that refuses them all. */
const GIVE_UP_MS = 30_000
/** Longer than all tries, time-outs and waits together: an older flight was cut off, as Workers do with a cancelled request. */
const FLIGHT_MAX_MS = 130_000
/** A token this near its end might be over when it arrives. */
const MARGIN_MS = 5000

/** Makes a keeper that has no token yet. */
export function createTokenKeeper(options: TokenKeeperOptions): TokenKeeper {
  const { endpoint, now, sleep, random, waitUntil } = options
  let tokens: Tokens | undefined
  let renewAtMs = 0
  let flight: Flight | undefined
  let pause: { readonly error: GuichetError; readonly untilMs: number } | undefined
  let hopelessUntilMs = 0

  /** What is under way, or a new attempt; refused while the gateway has asked for peace. */
  function renewed(): Promise<Tokens> {
    const nowMs = now().getTime()
    if (flight !== undefined && nowMs - flight.beganAtMs < FLIGHT_MAX_MS) return flight.tokens
    const remainingMs = (pause?.untilMs ?? 0) - nowMs
    if (pause !== undefined && remainingMs > 0) return Promise.reject(again(pause.error, remainingMs))
    const begun: Flight = {
      beganAtMs: nowMs,
      tokens: renew().finally(() => {
        if (flight === begun) flight = undefined
      }),
    }
    flight = begun
    waitUntil?.(
      begun.tokens.then(
        () => {},
        () => {},
      ),
    )
    return begun.tokens
  }

  async function renew(): Promise<Tokens> {
    try {
      const fresh = await patiently(bring)
      // Between 80 and 90 % of its life, so that many clients do not come at once.
      renewAtMs = fresh.issuedAtMs + fresh.lifeMs * (0.8 + 0.1 * random())
      pause = undefined
      tokens = fresh
      return fresh
    } catch (error) {
      const nowMs = now().getTime()
      renewAtMs = nowMs + RENEW_AGAIN_MS
      const seconds = error instanceof GuichetError ? peaceSeconds(error) : undefined
      if (error instanceof GuichetError && seconds !== undefined) {
        pause = { error, untilMs: nowMs + seconds * 1000 }
      }
      throw error
    }
  }

  /** By the refresh token while there is one, so that the key is shown seldom. */
  async function bring(): Promise<Tokens> {
    const old = tokens
    if (old === undefined || now().getTime() >= old.refreshEndsAtMs) return endpoint.exchange()
    try {
      return await endpoint.refresh(old)
    } catch (error) {
      if (!(error instanceof GuichetError)) throw error
      // A gateway without its database may still exchange what it knows. While the old token is good there is time.
      if (error.status === 503 && now().getTime() >= endOf(old)) return endpoint.exchange()
      if (error.status !== 401) throw error
      if (tokens === old) tokens = { ...old, refreshEndsAtMs: 0 }
      return endpoint.exchange()
    }
  }

  async function patiently(call: () => Promise<Tokens>): Promise<Tokens> {
    let waitedSeconds = 0
    for (let tries = 1; ; tries++) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof GuichetError) || error.retryAfterSeconds === undefined) throw error
        waitedSeconds += error.retryAfterSeconds
        if (tries === TRIES_MAX || waitedSeconds > WAIT_MAX_SECONDS) throw error
        // Never less than asked, and not all clients at the same moment.
        await sleep(error.retryAfterSeconds * 1000 * (1 + 0.1 * random()))
      }
    }
  }

  return {
    async token() {
      const nowMs = now().getTime()
      if (tokens === undefined || nowMs >= endOf(tokens)) return (await renewed()).access
      // In the background, and a failure is no matter: this token is still good.
      if (nowMs >= renewAtMs) renewed().catch(() => {})
      return tokens.access
    },
    drop(refused) {
      if (now().getTime() < hopelessUntilMs) return false
      if (tokens?.access === refused) tokens = undefined
      return true
    },
    giveUp() {
      hopelessUntilMs = now().getTime() + GIVE_UP_MS
    },
  }
}

function endOf({ issuedAtMs, lifeMs }: Tokens): number {
  return issuedAtMs + lifeMs - Math.min(MARGIN_MS, lifeMs / 10)
}

/** How long an error stands; undefined when the next call may try at once. */
function peaceSeconds({ retryAfterSeconds, status = 0 }: GuichetError): number | undefined {
  return retryAfterSeconds ?? (status >= 400 && status < 500 ? REFUSED_SECONDS : undefined)
}

function again(error: GuichetError, remainingMs: number): GuichetError {
  const { message, code, status, requestId } = error
  const waits = error.retryAfterSeconds !== undefined
  return new GuichetError(message, {
    code,
    status,
    requestId,
    retryAfterSeconds: waits ? Math.ceil(remainingMs / 1000) : undefined,
    cause: error,
  })
}
