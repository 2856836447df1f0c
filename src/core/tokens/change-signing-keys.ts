import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { changesOf, mintSigningKey, noTimes, reloadSigningKeys } from './keep-signing-keys.ts'
import { type BroughtKey, readBroughtKey } from './key-material.ts'
import {
  endKey,
  later,
  replaceAllSigners,
  settleSigningKeys,
  signersOf,
  signingKeyLeadSeconds,
} from './signing-key-plan.ts'
import { type SigningKeyRecord, signingKeyState } from './signing-key-state.ts'

/**
 * Brings in the next signing key. It is published now and signs after the lead, while the one before it stays good for
 * its tokens; a next one that is waiting already is answered as it is. At once (`now`) is for emergencies: the new key
 * signs from this moment, and every other that ever signed is gone with all its tokens.
 */
export async function rotateSigningKeys(
  parts: ServiceParts,
  { now: atOnce }: { readonly now: boolean },
): Promise<SigningKeyRecord> {
  const { world, policy } = parts
  const now = world.now()
  const fresh = await mintSigningKey(world, policy, now)
  const next = await world.store.changeSigningKeys((records) => {
    if (atOnce) return decided(records, replaceAllSigners(records, fresh, now), fresh.kid)
    const waiting = signersOf(records, now).findLast((key) => signingKeyState(key, now) === 'pending')
    if (waiting !== undefined) return { write: [], outcome: waiting }
    const coming = { ...fresh, activeFrom: later(now, signingKeyLeadSeconds) }
    return decided(records, settleSigningKeys([...records, coming], now), fresh.kid)
  })
  await reloadSigningKeys(world, parts.memory.signingKeys)
  return next
}

/**
 * Takes in a key that somebody brings: with its private half it signs after the lead, without one it is only trusted.
 * Refuses what cannot be used and what has been here before.
 */
export async function importSigningKey(
  parts: ServiceParts,
  brought: BroughtKey,
): Promise<Result<SigningKeyRecord, Failure>> {
  const { world } = parts
  const now = world.now()
  const material = await readBroughtKey(world, brought)
  if (!material.ok) return material
  const trusted = material.value.sealedPrivateJwk === undefined
  const record: SigningKeyRecord = {
    ...noTimes,
    ...material.value,
    origin: trusted ? 'trusted' : 'imported',
    createdAt: now,
    activeFrom: trusted ? undefined : later(now, signingKeyLeadSeconds),
  }
  const imported = await world.store.changeSigningKeys<Result<SigningKeyRecord, Failure>>((records) => {
    const known = records.find(({ kid }) => kid === record.kid)
    if (known !== undefined) {
      const state = signingKeyState(known, now)
      return { write: [], outcome: fail({ reason: 'signing_key_known', kid: known.kid, state }) }
    }
    const settled = settleSigningKeys([...records, record], now)
    return { write: changesOf(records, settled), outcome: ok(record) }
  })
  if (imported.ok) await reloadSigningKeys(world, parts.memory.signingKeys)
  return imported
}

/** Ends a key and all its tokens at once. Refuses to end the only one that signs; done twice it does nothing. */
export async function retireSigningKey(
  parts: ServiceParts,
  kid: string,
): Promise<Result<SigningKeyRecord, Failure>> {
  const { world } = parts
  const now = world.now()
  const retired = await world.store.changeSigningKeys<Result<SigningKeyRecord, Failure>>((records) => {
    const found = records.find((record) => record.kid === kid)
    if (found === undefined) return { write: [], outcome: fail({ reason: 'signing_key_not_found' }) }
    if (signingKeyState(found, now) === 'gone') return { write: [], outcome: ok(found) }
    const ended = endKey(found, now)
    const rest = records.map((record) => (record === found ? ended : record))
    if (signs(records, now) && !signs(rest, now)) {
      return { write: [], outcome: fail({ reason: 'signing_key_only_active', kid }) }
    }
    return { write: changesOf(records, settleSigningKeys(rest, now)), outcome: ok(ended) }
  })
  if (retired.ok) await reloadSigningKeys(world, parts.memory.signingKeys)
  return retired
}

function signs(records: readonly SigningKeyRecord[], now: Date): boolean {
  return records.some((record) => signingKeyState(record, now) === 'active')
}

function decided(before: readonly SigningKeyRecord[], after: readonly SigningKeyRecord[], kid: string) {
  const outcome = after.find((record) => record.kid === kid)
  if (outcome === undefined) throw new Error('The next signing key is among those that are kept.')
  return { write: changesOf(before, after), outcome }
}
