import type { Caller } from '../caller.ts'
import { after, type Eventually } from '../eventually.ts'
import { traced } from '../explain/trace.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, admitApiKey, type KeyWithClient, parseApiKey } from '../keys/api-key.ts'
import { rehashKey } from '../keys/rehash.ts'
import { raiseAlarm } from '../leaks/alarm.ts'
import { type MeterReading, meterCall } from '../limits/meter.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { exchangeFromMemory } from './exchange-from-memory.ts'
import type { Narrowing } from './narrowing.ts'
import { mintPair, planOpening } from './opening.ts'
import type { AccessToken } from './session-tokens.ts'

export interface ExchangeRequest {
  readonly apiKey: string
  /** Whom the caller says to be; undefined where the face does not ask. */
  readonly clientId: string | undefined
  readonly narrowing: Narrowing
  /** True where each refresh is to bring a new refresh token. */
  readonly rotates: boolean
}

export interface TokenPair extends AccessToken {
  readonly refresh: string
  readonly refreshExpiresAt: Date
  readonly key: ApiKey
  readonly meter: MeterReading
  /** True where it was judged from memory, since the database is away, and its session waits to be written. */
  readonly degraded: boolean
}

/**
 * Trades an API key for an access token and a refresh token, opening a session that is committed before the answer;
 * or, where the operator allows it, kept until the database is back. A stranger's three mistakes (no such key, a
 * malformed one, a wrong secret) are one refusal.
 */
export async function exchange(
  parts: ServiceParts,
  request: ExchangeRequest,
  caller: Caller,
): Promise<Result<TokenPair, Failure>> {
  const found = await findGenuineKey(parts, request.apiKey, caller)
  if (!found.ok) return found
  const pair = await exchangeGenuine(parts, { found: found.value, request, caller })
  if (pair.ok && !pair.value.degraded) await rehashKey(parts, pair.value.key, request.apiKey)
  return pair
}

export interface GenuineExchange {
  readonly found: KeyWithClient
  readonly request: Omit<ExchangeRequest, 'apiKey'>
  readonly caller: Caller
}

/** The exchange of a key that is known to be genuine. */
export async function exchangeGenuine(
  parts: ServiceParts,
  { found: first, request, caller }: GenuineExchange,
): Promise<Result<TokenPair, Failure>> {
  const { world, policy, memory } = parts
  const isNamed = speaksFor(first, request.clientId)
  const named = traced(parts, 'client_named', isNamed ? ok(first) : fail({ reason: 'api_key_invalid' }))
  if (!named.ok) return named
  const placed = traced(parts, 'network', admitAddress(world, first, caller))
  if (!placed.ok) return placed
  const metered = traced(parts, 'rate_and_quota', await meterCall(world, first.key, world.now()))
  if (!metered.ok) return metered
  let found: KeyWithClient | undefined = first
  return untilSettled(async () => {
    const now = world.now()
    // After a lost race the key is read afresh: it is refused now, or known in its new version.
    const current = found ?? (await memory.directory.findFresh(world.store, first.key.id, now))
    found = undefined
    if (current === undefined) return fail({ reason: 'api_key_invalid' })
    const admitted = admitApiKey(current, now)
    if (!admitted.ok) return recheck(parts, current, admitted)
    traced(parts, 'key_usable', admitted)
    const opening = planOpening(parts, { found: current, request, caller, degraded: false }, now)
    if (!opening.ok) return opening
    const { session, event } = opening.value
    try {
      const opened = await world.store.openSession(session, current.key.version, event)
      if (!opened) return changed
    } catch (fault) {
      return exchangeFromMemory(parts, fault, { judged: current.key, request, caller })
    }
    if (policy.degradedExchangeSeconds > 0) memory.directory.confirm(current.key, now)
    return ok(await mintPair(parts, opening.value, { caller, meter: metered.value }))
  })
}

/** Finds the key that the text is, from memory where it can; counts what is no key against the caller's address. */
export function findGenuineKey(
  parts: Pick<ServiceParts, 'world' | 'memory' | 'trace'>,
  text: string,
  caller: Caller,
): Eventually<Result<KeyWithClient, Failure>> {
  const { world, memory } = parts
  const guessing = traced(parts, 'guessing', memory.guessGuard.admit(world, caller.address, world.now()))
  if (!guessing.ok) return guessing
  return after(recognizeKey(parts, text, caller), (known) => traced(parts, 'key_known', known))
}

function recognizeKey(
  { world, memory }: Pick<ServiceParts, 'world' | 'memory'>,
  text: string,
  caller: Caller,
): Eventually<Result<KeyWithClient, Failure>> {
  const now = world.now()
  const parsed = parseApiKey(text)
  // What cannot be a key is no guess, and costs the database nothing.
  if (parsed === undefined) return fail({ reason: 'api_key_invalid' })
  return after(memory.directory.find(world.store, parsed.id, now), (found) => {
    const genuine = found !== undefined && world.vault.matches('api-key', text, found.key.digest)
    if (genuine && found.key.canary) raiseAlarm({ world }, 'canary.used', { key: found.key, caller })
    // A bait is answered as an unknown key is, down to what it counts against the address.
    return genuine && !found.key.canary ? ok(found) : countWrongKey({ world, memory }, caller, now)
  })
}

async function countWrongKey(
  { world, memory }: Pick<ServiceParts, 'world' | 'memory'>,
  caller: Caller,
  now: Date,
): Promise<Result<KeyWithClient, Failure>> {
  const counted = await memory.guessGuard.countWrong(world, caller.address, now)
  return counted.ok ? fail({ reason: 'api_key_invalid' }) : counted
}

/** A client may be named by its own id or by the id of the key that it shows. */
export function speaksFor({ key, client }: KeyWithClient, clientId: string | undefined): boolean {
  return clientId === undefined || clientId === client.id || clientId === key.id
}

/** A key may be used from its own networks only, whether it comes itself or a token of it. */
export function admitAddress(
  world: World,
  found: KeyWithClient,
  caller: Caller,
): Result<KeyWithClient, Failure> {
  const { id, allowedCidrs } = found.key
  if (allowedCidrs.length === 0) return ok(found)
  const within = caller.address !== undefined && world.addresses.within(caller.address, allowedCidrs)
  return within ? ok(found) : fail({ reason: 'address_not_allowed', keyId: id })
}

/** A refusal from memory is checked against the store once: a key that was enabled a moment ago must work. */
async function recheck(
  parts: ServiceParts,
  judged: KeyWithClient,
  refusal: Result<never, Failure>,
): Promise<Result<never, Failure> | typeof changed> {
  const { world, memory } = parts
  const fresh = await memory.directory.findFresh(world.store, judged.key.id, world.now())
  if (fresh !== undefined && fresh.key.version !== judged.key.version) return changed
  return traced(parts, 'key_usable', refusal)
}
