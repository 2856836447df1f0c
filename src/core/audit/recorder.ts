import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type AuditDraft, auditEvent } from './event.ts'
import { createAuditWriter } from './writer.ts'

type Who = Pick<AuditDraft, 'keyId' | 'clientId'>

/** Writes down how calls end: what was done before it is answered, what was refused in a count. */
export interface AuditRecorder {
  readonly record: (draft: AuditDraft, caller: Caller) => Promise<void>
  readonly recordBy: (actor: Actor, draft: AuditDraft) => Promise<void>
  readonly refused: (failure: Failure, who: Who, caller: Caller) => void
  /** Of a call that brings its own credential. `keyId` is told only where the refusal proves that the key is genuine. */
  readonly byCredential: <T>(
    outcome: Promise<Result<T, Failure>>,
    call: {
      readonly caller: Caller
      readonly keyId?: (() => string | undefined) | undefined
      /** Undefined where nothing was changed. */
      readonly draft: (value: T) => AuditDraft | undefined
    },
  ) => Promise<Result<T, Failure>>
  /** Of a call that somebody makes with an access token. */
  readonly byActor: <T>(
    outcome: Promise<Result<T, Failure>>,
    call: { readonly actor: Actor; readonly draft: (value: T) => AuditDraft },
  ) => Promise<Result<T, Failure>>
}

export function createAuditRecorder({
  world,
  memory,
}: Pick<ServiceParts, 'world' | 'memory'>): AuditRecorder {
  const writer = createAuditWriter(world.store)
  const record: AuditRecorder['record'] = (draft, caller) => writer.record(auditEvent(world, draft, caller))
  const recordBy: AuditRecorder['recordBy'] = ({ principal, caller }, draft) => {
    const { clientId, keyId, sessionId, assurance, subject } = principal
    const userId = assurance && subject
    return record({ clientId, keyId, sessionId, userId, ...draft }, caller)
  }
  const refused: AuditRecorder['refused'] = (failure, who, caller) => {
    const keyId = 'keyId' in failure ? failure.keyId : who.keyId
    const clientId = 'clientId' in failure ? failure.clientId : who.clientId
    memory.audit.note({ kind: 'refusal', reason: failure.reason, keyId, clientId }, caller, world.now())
  }
  return {
    record,
    recordBy,
    refused,
    async byCredential(outcome, { caller, keyId, draft }) {
      const result = await outcome
      if (!result.ok) {
        const { failure } = result
        refused(failure, { keyId: tellsStrangers(failure) ? undefined : keyId?.() }, caller)
        // This refusal has ended a session, and comes once a session: a deed as well.
        if (failure.reason === 'refresh_token_reused') {
          const { reason, sessionId } = failure
          await record({ kind: 'session.end', reason, sessionId, target: sessionId }, caller)
        }
        return result
      }
      const done = draft(result.value)
      if (done !== undefined) await record(done, caller)
      return result
    },
    async byActor(outcome, { actor, draft }) {
      const result = await outcome
      if (result.ok) await recordBy(actor, draft(result.value))
      else refused(result.failure, actor.principal, actor.caller)
      return result
    },
  }
}

/** Refusals that come before, or instead of, the proof that a key is genuine. */
function tellsStrangers({ reason }: Failure): boolean {
  return reason === 'api_key_invalid' || reason === 'rate_limited'
}
