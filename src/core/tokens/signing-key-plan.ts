import { accessLifetimeMaxSeconds, clockSkewMaxSeconds, type Policy } from '../policy.ts'
import {
  byTurn,
  isErased,
  type SignerRecord,
  type SigningKeyRecord,
  signingKeyState,
} from './signing-key-state.ts'

/**
 * How long a key is published before it signs. Verifiers keep the key set for up to ten minutes; the other five are
 * for clocks that disagree.
 */
export const signingKeyLeadSeconds = 900

/** From its last signature to the death of its last token, whatever the settings were when that was signed. */
const TRUST_AFTER_SECONDS = accessLifetimeMaxSeconds + clockSkewMaxSeconds

/** A gone key's private half is erased this much later: a clock that runs ahead must not destroy what is in use. */
const ERASE_AFTER_SECONDS = 86_400

const DAY_SECONDS = 86_400

export type SigningKeyRules = Pick<Policy, 'signingAlgorithm' | 'signingKeyRotationDays'>

/** When the next key of ours should begin to sign; undefined while none needs to be made. */
export function nextKeyDue(
  records: readonly SigningKeyRecord[],
  rules: SigningKeyRules,
  now: Date,
): Date | undefined {
  const newest = signersOf(records, now).at(-1)
  // Nobody can have an older key set than one without a key that signs.
  if (newest === undefined) return now
  // One at a time, so that instances with different settings do not outdo each other every minute.
  if (signingKeyState(newest, now) === 'pending') return undefined
  // A key that the operator brought is the operator's to rotate.
  if (newest.origin === 'imported') return undefined
  const afterLead = later(now, signingKeyLeadSeconds)
  if (newest.algorithm !== rules.signingAlgorithm) return afterLead
  if (rules.signingKeyRotationDays === 0) return undefined
  const due = later(newest.activeFrom, rules.signingKeyRotationDays * DAY_SECONDS)
  return due <= afterLead ? afterLead : undefined
}

/**
 * The records as they must be from now on: each key that signs ends where its successor begins, the last one has no
 * end, what ended is trusted until its last token is dead, and what is gone is erased. Done to its own outcome it
 * changes nothing, and a record that stays as it is stays the same object.
 */
export function settleSigningKeys(
  records: readonly SigningKeyRecord[],
  now: Date,
): readonly SigningKeyRecord[] {
  const signers = signersOf(records, now)
  return records.map((record) => {
    if (signingKeyState(record, now) === 'gone') return isLongGone(record, now) ? erased(record) : record
    const turn = signers.findIndex(({ kid }) => kid === record.kid)
    // One that is only trusted, or that has ended already: its times are final.
    return turn === -1 ? record : succeeded(record, signers[turn + 1], now)
  })
}

/** The records once `fresh` signs from now on and all that signed before is gone, with every token of it. */
export function replaceAllSigners(
  records: readonly SigningKeyRecord[],
  fresh: SigningKeyRecord,
  now: Date,
): readonly SigningKeyRecord[] {
  const ended = records.map((record) =>
    record.origin === 'trusted' || signingKeyState(record, now) === 'gone' ? record : endKey(record, now),
  )
  return [...ended, { ...fresh, activeFrom: now }]
}

/** The record of a key that is gone at once. With nothing left of it no clock can bring it back. */
export function endKey(record: SigningKeyRecord, now: Date): SigningKeyRecord {
  const retiresAt = record.retiresAt !== undefined && record.retiresAt < now ? record.retiresAt : now
  return erased({ ...record, retiresAt: record.activeFrom && retiresAt, goneAt: now })
}

/** Those that sign now or will, in their turn. */
export function signersOf(records: readonly SigningKeyRecord[], now: Date): readonly SignerRecord[] {
  return records.filter((record) => isSigner(record, now)).toSorted(byTurn) as SignerRecord[]
}

function isSigner(record: SigningKeyRecord, now: Date): record is SignerRecord {
  const state = signingKeyState(record, now)
  return state === 'active' || state === 'pending'
}

function succeeded(
  record: SigningKeyRecord,
  successor: SignerRecord | undefined,
  now: Date,
): SigningKeyRecord {
  const { retiresAt } = record
  if (successor === undefined) {
    if (retiresAt === undefined) return record
    // Its successor was taken away before it began.
    return { ...record, retiresAt: undefined, goneAt: undefined }
  }
  if (retiresAt !== undefined && retiresAt >= successor.activeFrom) return record
  // Never sooner than every instance has heard of it: one that has not may still sign with this key.
  const heard = later(now, signingKeyLeadSeconds)
  const end = successor.activeFrom > heard ? successor.activeFrom : heard
  return { ...record, retiresAt: end, goneAt: later(end, TRUST_AFTER_SECONDS) }
}

function isLongGone(record: SigningKeyRecord, now: Date): boolean {
  if (isErased(record) || record.goneAt === undefined) return false
  return later(record.goneAt, ERASE_AFTER_SECONDS) <= now
}

function erased(record: SigningKeyRecord): SigningKeyRecord {
  return { ...record, publicJwk: undefined, sealedPrivateJwk: undefined }
}

export function later(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000)
}
