import type { Operation, OperationLog } from './operations.ts'

type Log = Pick<OperationLog, 'all'>

/** From when to when a fault lasted, and how long after it the gateway may need to be itself again. */
export interface FaultWindow {
  readonly fromMs: number
  readonly untilMs: number
  readonly recoveryMs: number
  /** Whether connections may break as well: where the process itself is killed. */
  readonly mayBreak?: boolean
}

/** Every checker answers what is wrong, one line each; nothing is good. */
export type Violations = readonly string[]

/** What can be used once and was used twice: a refresh token with two successors. */
export function doubleUses({ all }: Log): Violations {
  const successors = new Map<string, Set<string>>()
  for (const { outcome, facts } of all) {
    const { token, successor } = facts
    if (outcome !== 'ok' || token === undefined || successor === undefined) continue
    successors.set(token, (successors.get(token) ?? new Set()).add(successor))
  }
  return [...successors].flatMap(([token, { size }]) =>
    size > 1 ? [`the token ${token} has ${size} successors`] : [],
  )
}

/**
 * What was admitted by a key after its revocation had been acknowledged. Exchanges end with that very answer; access tokens
 * may live on for `boundMs`.
 */
export function acceptedAfterRevocation({ all }: Log, boundMs: number): Violations {
  const revokedAtMs = new Map<string, number>()
  for (const { outcome, endedAtMs, facts } of all) {
    const { deed, id } = facts
    if (deed !== 'revocation' || outcome !== 'ok' || id === undefined || endedAtMs === undefined) continue
    revokedAtMs.set(id, Math.min(endedAtMs, revokedAtMs.get(id) ?? endedAtMs))
  }
  return all.flatMap((operation) => {
    const since = operation.facts.keyId === undefined ? undefined : revokedAtMs.get(operation.facts.keyId)
    if (since === undefined || operation.outcome !== 'ok') return []
    const lateMs = operation.invokedAtMs - since - (operation.kind === 'protected' ? boundMs : 0)
    return lateMs > 0 ? [`${told(operation)}: admitted, though its key had been revoked`] : []
  })
}

/** Answers that spoke of somebody else than who had asked. */
export function mixedIdentities({ all }: Log): Violations {
  return all.flatMap((operation) => {
    const { subject, seenSubject } = operation.facts
    const same = seenSubject === undefined || seenSubject === subject
    return same ? [] : [`${told(operation)}: ${subject} was taken for ${seenSubject}`]
  })
}

/** Callers who did nothing wrong and were refused: signed out, forgotten, or told that what they made is not there. */
export function wrongRefusals({ all }: Log): Violations {
  return all.flatMap((operation) => {
    const { status, facts } = operation
    const isRefused = status !== undefined && status >= 400 && status < 500
    return isRefused && facts.withdrawn !== true ? [`${told(operation)}: refused`] : []
  })
}

/** Each 503 of ours says when to come back, in whole seconds. */
export function hastyRefusals({ all }: Log): Violations {
  return all.flatMap((operation) => {
    const { status, retryAfter = '' } = operation
    return status === 503 && !/^[1-9][0-9]*$/.test(retryAfter)
      ? [`${told(operation)}: without Retry-After`]
      : []
  })
}

/** Faults that are no 503 while the fault lasts, and any at all before it and once the gateway should be itself again. */
export function wrongFaults({ all }: Log, window: FaultWindow): Violations {
  return all.flatMap((operation) => {
    if (!isFault(operation)) return []
    const { invokedAtMs, endedAtMs = Number.POSITIVE_INFINITY, status } = operation
    const within = endedAtMs >= window.fromMs && invokedAtMs <= window.untilMs + window.recoveryMs
    const excused = status === 503 || (status === undefined && window.mayBreak === true)
    return within && excused ? [] : [`${told(operation)}: ${within ? 'while' : 'outside of'} the fault`]
  })
}

/** Answers that came later than this, or not at all. */
export function lateAnswers({ all }: Log, limitMs: number): Violations {
  return all.flatMap((operation) => {
    const { invokedAtMs, endedAtMs = Number.POSITIVE_INFINITY } = operation
    return endedAtMs - invokedAtMs > limitMs ? [`${told(operation)}: answered too late`] : []
  })
}

/**
 * How long after the end of a fault there were still faults: until the first call that was good and began after the last one
 * that was not. Infinite when none was.
 */
export function recoveryMs({ all }: Log, faultEndedAtMs: number): number {
  const after = all.filter(({ invokedAtMs }) => invokedAtMs >= faultEndedAtMs)
  const lastFaultMs = Math.max(faultEndedAtMs, ...after.filter(isFault).map(({ invokedAtMs }) => invokedAtMs))
  const good = after.filter(
    ({ kind, invokedAtMs, outcome }) => kind !== 'protected' && outcome === 'ok' && invokedAtMs > lastFaultMs,
  )
  const firstGoodMs = Math.min(...good.map(({ endedAtMs = Number.POSITIVE_INFINITY }) => endedAtMs))
  return firstGoodMs - faultEndedAtMs
}

/** A 5xx, or no answer at all. */
export function isFault({ status }: Operation): boolean {
  return status === undefined || status >= 500
}

/** An operation as a line tells it: who, what, when, and how it ended. */
export function told({ lane, kind, invokedAtMs, endedAtMs, status, code, facts }: Operation): string {
  const what = facts.deed === undefined ? kind : `${kind} of a ${facts.deed}`
  const lasted = endedAtMs === undefined ? 'for ever' : `${Math.round(endedAtMs - invokedAtMs)} ms`
  return `${lane}, ${what} at ${Math.round(invokedAtMs)}, ${lasted}, ${status ?? 'no answer'} ${code ?? ''}`.trim()
}
