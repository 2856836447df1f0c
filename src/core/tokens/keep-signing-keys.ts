import { auditEvent } from '../audit/event.ts'
import type { Policy } from '../policy.ts'
import type { Vault, World } from '../ports.ts'
import { usableKey } from './key-material.ts'
import { nextKeyDue, settleSigningKeys } from './signing-key-plan.ts'
import type { KeyRing } from './signing-key-ring.ts'
import type { SigningKeyRecord } from './signing-key-state.ts'
import { openSigningKeys, opensAll, SecretMismatchError, type SigningKeys } from './signing-keys.ts'

/** Brings the keys in the store to where they must be now, and opens them. @throws SecretMismatchError */
export async function loadSigningKeys(world: World, policy: Policy): Promise<SigningKeys> {
  return openSigningKeys(world, await keepSigningKeys(world, policy))
}

/** Takes up the signing keys as the store has them. @throws SecretMismatchError */
export async function reloadSigningKeys(world: World, ring: KeyRing): Promise<void> {
  await ring.reload(() => storedSigningKeys(world))
}

/** The signing keys as the store has them, opened. @throws SecretMismatchError */
export async function storedSigningKeys(world: World): Promise<SigningKeys> {
  return openSigningKeys(world, await world.store.listSigningKeys())
}

/**
 * Does what is due at `now`: makes the next key, ends the ones before it, erases what is gone, and seals under the
 * first secret what an older one still holds. Decided again under the store's lock, so that of several instances one
 * does it; done twice, it does nothing the second time. @throws SecretMismatchError
 */
export async function keepSigningKeys(world: World, policy: Policy): Promise<readonly SigningKeyRecord[]> {
  const now = world.now()
  const records = await world.store.listSigningKeys()
  // Opened before anything is made: a wrong secret must never lead to a new key over old data.
  if (!opensAll(world.vault, records)) throw new SecretMismatchError()
  const isDue = nextKeyDue(records, policy, now) !== undefined
  if (!isDue && changesOf(records, keptKeys(world.vault, records, now)).length === 0) return records
  const fresh = isDue ? await mintSigningKey(world, policy, now) : undefined
  const settled = await world.store.changeSigningKeys((current) => {
    // Another instance, under another secret, was faster: its keys are told apart when they are opened.
    if (!opensAll(world.vault, current)) return { write: [], outcome: current }
    const activeFrom = nextKeyDue(current, policy, now)
    const all = fresh && activeFrom ? [...current, { ...fresh, activeFrom }] : current
    const kept = keptKeys(world.vault, all, now)
    return { write: changesOf(current, kept), outcome: kept }
  })
  if (fresh !== undefined && settled.some(({ kid }) => kid === fresh.kid)) {
    const draft = { kind: 'signing-key.create', target: fresh.kid } as const
    await world.store.insertAuditEvents([auditEvent(world, draft, undefined)])
  }
  return settled
}

/** Makes a key of the policy's algorithm that has no time to sign from yet. */
export async function mintSigningKey(
  world: World,
  { signingAlgorithm }: Pick<Policy, 'signingAlgorithm'>,
  now: Date,
): Promise<SigningKeyRecord> {
  const usable = await usableKey(world, await world.signatures.generate(signingAlgorithm))
  if (!usable.ok) throw new Error('A key that was made here is usable.')
  return { ...usable.value, origin: 'made', createdAt: now, ...noTimes }
}

export const noTimes = { activeFrom: undefined, retiresAt: undefined, goneAt: undefined } as const

/** Of `after`, the records that `before` does not have as they are. */
export function changesOf(
  before: readonly SigningKeyRecord[],
  after: readonly SigningKeyRecord[],
): readonly SigningKeyRecord[] {
  return after.filter((record) => !before.includes(record))
}

function keptKeys(
  vault: Vault,
  records: readonly SigningKeyRecord[],
  now: Date,
): readonly SigningKeyRecord[] {
  return settleSigningKeys(records, now).map((record) => sealedUnderFirst(vault, record))
}

function sealedUnderFirst(vault: Vault, record: SigningKeyRecord): SigningKeyRecord {
  const { sealedPrivateJwk } = record
  if (sealedPrivateJwk === undefined || vault.isCurrent(sealedPrivateJwk)) return record
  const plain = vault.unseal('signing-key', sealedPrivateJwk)
  return plain === undefined ? record : { ...record, sealedPrivateJwk: vault.seal('signing-key', plain) }
}
