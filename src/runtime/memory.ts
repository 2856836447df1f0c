import { createPersonDirectory } from '../core/accounts/person-directory.ts'
import { createAuditTally } from '../core/audit/tally.ts'
import type { DirectoryLimits } from '../core/directory.ts'
import { createKeyDirectory } from '../core/keys/key-directory.ts'
import { createUsageTally } from '../core/keys/key-usage.ts'
import type { GuessGuard } from '../core/limits/guess-guard.ts'
import type { Policy } from '../core/policy.ts'
import type { World } from '../core/ports.ts'
import type { Memory } from '../core/service-parts.ts'
import { loadSigningKeys } from '../core/tokens/keep-signing-keys.ts'
import { createKeptSessions } from '../core/tokens/kept-sessions.ts'
import { createLegacyKeys } from '../core/tokens/legacy-keys.ts'
import { createRevocations } from '../core/tokens/revocations.ts'
import { createKeyRing } from '../core/tokens/signing-key-ring.ts'
import { createUpstreamTokens } from '../core/tokens/upstream-tokens.ts'
import { createVerifiedTokens } from '../core/tokens/verified-tokens.ts'

export type ProcessMemory = Memory

/** Reads into memory what the store holds at the start: signing keys and live revocations. @throws SecretMismatchError */
export async function loadMemory(
  world: World,
  policy: Policy,
  { directory, guessGuard }: { readonly directory: DirectoryLimits; readonly guessGuard: GuessGuard },
): Promise<ProcessMemory> {
  const now = world.now()
  const signingKeys = createKeyRing(await loadSigningKeys(world, policy), directory)
  const revocations = createRevocations(now)
  for (const revocation of await world.store.listRevocations(now, undefined)) revocations.apply(revocation)
  const people = createPersonDirectory(directory)
  return {
    signingKeys,
    revocations,
    // As many tokens as keys: a key in use has a token in use.
    verifiedTokens: createVerifiedTokens({ maxTokens: directory.maxEntries }),
    legacyKeys: createLegacyKeys(policy),
    directory: createKeyDirectory(directory, people),
    people,
    usage: createUsageTally(),
    audit: createAuditTally(),
    guessGuard,
    upstreamTokens: createUpstreamTokens(),
    keptSessions: createKeptSessions(),
  }
}
