import { createPersonDirectory } from '../accounts/person-directory.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { createKeyDirectory } from '../keys/key-directory.ts'
import { uncovered } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitCall } from '../tokens/admit-call.ts'
import { exchange, exchangeGenuine, type TokenPair } from '../tokens/exchange.ts'
import { createVerifiedTokens } from '../tokens/verified-tokens.ts'
import type { Principal } from '../tokens/verify.ts'
import { type Rule, traced } from './trace.ts'

/** What is to be explained: a credential, shown or named, and the call that it would make. */
export interface Question {
  readonly credential:
    | { readonly kind: 'token'; readonly token: string }
    | { readonly kind: 'api_key'; readonly apiKey: string }
    | { readonly kind: 'key_id'; readonly keyId: string }
  /** The permissions that the call needs, all of them; none when any token will do. */
  readonly needed: readonly string[]
  readonly address: string | undefined
  /** The moment to judge at. */
  readonly at: Date
}

export interface Explanation {
  readonly steps: readonly Step[]
  /** Why it is refused; undefined when it is allowed. */
  readonly failure: Failure | undefined
  /** Whom the credential speaks for; undefined when it speaks for nobody. */
  readonly caller: ExplainedCaller | undefined
}

/** Whom a call would be made for. A key that is only asked about has no session. */
export type ExplainedCaller = Pick<Principal, 'subject' | 'clientId' | 'keyId' | 'permissions' | 'sessionId'>

export interface Step {
  readonly rule: Rule
  readonly failure: Failure | undefined
}

/**
 * Says what would happen and why, by letting it happen to a world that writes nothing: the rules are not told a second
 * time here, so an explanation cannot differ from what is enforced.
 */
export async function explain(parts: ServiceParts, question: Question): Promise<Explanation> {
  const steps: Step[] = []
  const dry = dryParts(parts, question.at, (rule, failure) => steps.push({ rule, failure }))
  const caller: Caller = { address: question.address, userAgent: undefined, requestId: 'explain' }
  const spokenFor = await whoSpeaks(dry, question, caller)
  if (!spokenFor.ok) return { steps, failure: spokenFor.failure, caller: undefined }
  const outcome = judge(dry, question.needed, spokenFor.value)
  return { steps, failure: outcome.ok ? undefined : outcome.failure, caller: spokenFor.value }
}

function judge(
  parts: ServiceParts,
  needed: readonly string[],
  { permissions }: ExplainedCaller,
): Result<void, Failure> {
  if (needed.length === 0) return ok(undefined)
  const [missing] = uncovered(permissions, needed)
  const held: Result<void, Failure> =
    missing === undefined ? ok(undefined) : fail({ reason: 'permission_missing', needed: missing })
  return traced(parts, 'permission', held)
}

async function whoSpeaks(
  parts: ServiceParts,
  { credential }: Question,
  caller: Caller,
): Promise<Result<ExplainedCaller, Failure>> {
  if (credential.kind === 'token') {
    const call = await admitCall(parts, credential.token, { caller })
    return call.ok ? ok(call.value.principal) : call
  }
  const request = { clientId: undefined, narrowing: everything, rotates: false }
  if (credential.kind === 'api_key') {
    const pair = await exchange(parts, { ...request, apiKey: credential.apiKey }, caller)
    return pair.ok ? ok(callerOf(pair.value)) : pair
  }
  const found = await parts.world.store.findKey(credential.keyId)
  if (found === undefined) return fail({ reason: 'key_not_found' })
  // A bait never works: that is judged where a key is recognized, which one that is only named does not pass.
  if (found.key.canary) return traced(parts, 'key_known', fail({ reason: 'api_key_invalid' }))
  const pair = await exchangeGenuine(parts, { found, request, caller })
  return pair.ok ? ok(callerOf(pair.value)) : pair
}

function callerOf({ key, permissions }: TokenPair): ExplainedCaller {
  return { subject: key.clientId, clientId: key.clientId, keyId: key.id, permissions, sessionId: '' }
}

const everything = { permissions: undefined, audiences: undefined, accessTtlSeconds: undefined } as const

const nothingRemembered = { maxEntries: 1, maxAgeMs: 0, looksOutliveCalls: false }

/** The same parts around a store that only reads, a tally that forgets and an alarm that is silent. */
function dryParts(parts: ServiceParts, at: Date, trace: NonNullable<ServiceParts['trace']>): ServiceParts {
  const { world, memory } = parts
  const people = createPersonDirectory(nothingRemembered)
  const store = {
    ...world.store,
    takeRate: world.store.peekRate,
    takeQuota: world.store.peekQuota,
    openSession: async () => true,
    rehashKey: async () => {},
  }
  return {
    ...parts,
    trace,
    world: { ...world, now: () => at, raise: () => {}, store },
    memory: {
      ...memory,
      guessGuard: { ...memory.guessGuard, countWrong: async () => ok(undefined) },
      usage: { note: () => {}, take: () => [], takeAll: () => [] },
      // One of its own: what is read for another moment must not be remembered for this one.
      directory: createKeyDirectory(nothingRemembered, people),
      people,
      // What a dry run mints was never handed out.
      verifiedTokens: createVerifiedTokens({ maxTokens: 2 }),
      // The question is what the rules say at that moment, not how old our knowledge would be by then.
      revocations: { ...memory.revocations, ageSeconds: () => 0 },
    },
  }
}
