import type { PersonDirectory } from './accounts/person-directory.ts'
import type { AuditTally } from './audit/tally.ts'
import type { Trace } from './explain/trace.ts'
import type { KeyDirectory } from './keys/key-directory.ts'
import type { UsageTally } from './keys/key-usage.ts'
import type { GuessGuard } from './limits/guess-guard.ts'
import type { Policy } from './policy.ts'
import type { World } from './ports.ts'
import type { KeptSessions } from './tokens/kept-sessions.ts'
import type { LegacyKeys } from './tokens/legacy-keys.ts'
import type { Revocation, Revocations } from './tokens/revocations.ts'
import type { KeyRing } from './tokens/signing-key-ring.ts'
import type { UpstreamTokens } from './tokens/upstream-tokens.ts'
import type { VerifiedTokens } from './tokens/verified-tokens.ts'

/** What a process keeps in memory between calls. Nothing in it outranks the store. */
export interface Memory {
  readonly signingKeys: KeyRing
  readonly revocations: Revocations
  readonly verifiedTokens: VerifiedTokens
  readonly legacyKeys: LegacyKeys
  readonly directory: KeyDirectory
  readonly people: PersonDirectory
  readonly usage: UsageTally
  readonly audit: AuditTally
  readonly guessGuard: GuessGuard
  readonly upstreamTokens: UpstreamTokens
  readonly keptSessions: KeptSessions
}

/** Makes a revocation of this process's own count here at once; the others hear of it with its commit. */
export function noteRevocation(
  memory: Pick<Memory, 'revocations' | 'directory' | 'people'>,
  revocation: Revocation,
): void {
  memory.revocations.apply(revocation)
  if (revocation.kind === 'key') memory.directory.forget(revocation.subject)
  if (revocation.kind === 'client') memory.directory.doubt()
  if (revocation.kind === 'user') memory.people.forget(revocation.subject)
}

/** All that the use cases are bound to. */
export interface ServiceParts {
  readonly world: World
  readonly policy: Policy
  readonly memory: Memory
  /** Hears of every rule that is asked; for explanations alone. */
  readonly trace?: Trace
}
