import { type AuditEvent, auditEvent } from '../audit/event.ts'
import type { Failure, FailureReason } from '../failure.ts'
import { admitApiKey, effectivePermissions, type KeyWithClient } from '../keys/api-key.ts'
import { uncovered } from '../permissions.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { isStoreUnavailable } from '../unavailable.ts'
import { isAwaited, type KeptSession } from './kept-sessions.ts'
import { revocationOf } from './revocations.ts'

type Deps = Pick<ServiceParts, 'world' | 'policy' | 'memory'>

/** So many are written at once. */
const TOGETHER = 100

/**
 * Writes the sessions that were opened while the database was away, the oldest first. One whose key changed in that
 * moment waits for the next time. @throws when the store cannot be written to; what it did not take waits on
 */
export async function writeBackSessions(deps: Deps): Promise<void> {
  const kept = deps.memory.keptSessions.all()
  const faults: unknown[] = []
  for (let from = 0; from < kept.length; from += TOGETHER) {
    try {
      await writeBack(deps, kept.slice(from, from + TOGETHER))
    } catch (fault) {
      if (isStoreUnavailable(fault)) throw fault
      // One that cannot be written holds up no other.
      faults.push(fault)
    }
  }
  if (faults.length > 0) throw faults[0]
}

/**
 * Before a session is looked for in the store: writes it if it waits here, so that nobody is told that it never was.
 * @throws when it cannot be written yet
 */
export async function writeBackFirst(deps: Deps, sessionId: string): Promise<void> {
  const { keptSessions } = deps.memory
  if (keptSessions.find(sessionId) === undefined) return
  await untilSettled(async () => {
    const kept = keptSessions.find(sessionId)
    if (kept !== undefined) await writeBack(deps, [kept])
    return keptSessions.find(sessionId) === undefined ? undefined : changed
  })
}

/**
 * Refuses, for now, what is asked of a session that is not in the store and may yet come there: by another instance, which
 * keeps it. Undefined of one that never will.
 */
export function notYetWritten(
  { memory }: Pick<Deps, 'memory'>,
  sessionId: string,
  now: Date,
): Result<never, Failure> | undefined {
  if (!isAwaited(sessionId, now) || memory.revocations.endsSession(sessionId)) return undefined
  return fail({ reason: 'session_unwritten', sessionId })
}

async function writeBack(deps: Deps, kept: readonly KeptSession[]): Promise<void> {
  const { world, memory } = deps
  const now = world.now()
  const keyIds = [...new Set(kept.map(({ session }) => session.keyId))]
  const keys = await Promise.all(keyIds.map((id) => memory.directory.findFresh(world.store, id, now)))
  const byId = new Map(keyIds.map((id, index) => [id, keys[index]]))
  const written = kept.map((one) => write(deps, one, byId.get(one.session.keyId)))
  const [fault] = (await Promise.allSettled(written)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason] : [],
  )
  if (fault !== undefined) throw fault
}

async function write(
  { world, policy, memory }: Deps,
  kept: KeptSession,
  found: KeyWithClient | undefined,
): Promise<void> {
  const { session, event } = kept
  const verdict = judgeKept(kept, found)
  if (verdict.ended === undefined) {
    const opened = await world.store.openSessionLate(session, verdict.keyVersion, event)
    if (opened) memory.keptSessions.settle(session.id, 'opened')
    return
  }
  const now = world.now()
  // By its own name: the cut-off of its key may be older than its tokens, and spare them.
  const revocation = revocationOf(
    { kind: 'session', subject: session.id },
    { now, clockSkewSeconds: policy.clockSkewSeconds },
  )
  const over = { ...session, revokedAt: now }
  await world.store.endSessionLate(over, [event, endTold(world, kept, verdict.ended)], revocation)
  noteRevocation(memory, revocation)
  memory.keptSessions.settle(session.id, 'ended')
}

type Verdict = { readonly ended: undefined; readonly keyVersion: number } | { readonly ended: FailureReason }

/**
 * What becomes of a session that was opened from memory, now that the store tells of its key: it is opened under the
 * version of now, or ended where the key was not good any more or may do less than was handed out.
 */
export function judgeKept({ session, permissions }: KeptSession, found: KeyWithClient | undefined): Verdict {
  if (found === undefined) return { ended: 'key_not_found' }
  // As of its opening: a key that has run out since ends its session by itself.
  const admitted = admitApiKey(found, session.createdAt)
  if (!admitted.ok) return { ended: admitted.failure.reason }
  const beyond = uncovered(effectivePermissions(found), permissions)
  return beyond.length > 0
    ? { ended: 'permissions_not_held' }
    : { ended: undefined, keyVersion: found.key.version }
}

function endTold(world: Deps['world'], { session }: KeptSession, reason: FailureReason): AuditEvent {
  const who = { clientId: session.clientId, keyId: session.keyId, sessionId: session.id }
  return auditEvent(world, { kind: 'session.end', reason, ...who, target: session.id }, undefined)
}
