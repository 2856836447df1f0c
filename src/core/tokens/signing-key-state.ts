import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../policy.ts'

/** A signing key as it is kept: its state is a function of these times, and of its being there at all. */
export interface SigningKeyRecord {
  /** The RFC 7638 thumbprint. */
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  /** Undefined for a symmetric key, which has nothing to publish. */
  readonly publicJwk: JWK | undefined
  /** The private JWK, sealed under the secret list; undefined for a key that is only trusted. */
  readonly sealedPrivateJwk: string | undefined
  readonly origin: 'made' | 'imported' | 'trusted'
  readonly createdAt: Date
  /** From when on it signs; undefined for one that never does. */
  readonly activeFrom: Date | undefined
  /** From when on it signs no more. */
  readonly retiresAt: Date | undefined
  /** From when on it is trusted no more, and its tokens are dead. */
  readonly goneAt: Date | undefined
}

/** A record that has a time to sign from. */
export interface SignerRecord extends SigningKeyRecord {
  readonly activeFrom: Date
}

export const signingKeyOrigins = [
  'made',
  'imported',
  'trusted',
] as const satisfies SigningKeyRecord['origin'][]

/** `trusted` is a key that others sign with: verified and published like ours, and never signing. */
export const signingKeyStates = ['pending', 'active', 'retiring', 'gone', 'trusted'] as const
export type SigningKeyState = (typeof signingKeyStates)[number]

type Times = Pick<SigningKeyRecord, 'activeFrom' | 'retiresAt' | 'goneAt'>
type Material = Pick<SigningKeyRecord, 'publicJwk' | 'sealedPrivateJwk'>

/** The state of a key at `now`. All but `gone` are published, and the tokens of all but `gone` are good. */
export function signingKeyState(key: Times & Material, now: Date): SigningKeyState {
  // Whatever the clock says: where nothing is left there is nothing to trust, so that a key
  // which was ended in an emergency stays dead on an instance whose clock is behind.
  if (isErased(key) || hasPassed(key.goneAt, now)) return 'gone'
  if (key.activeFrom === undefined) return 'trusted'
  if (hasPassed(key.retiresAt, now)) return 'retiring'
  return key.activeFrom <= now ? 'active' : 'pending'
}

/** Of a gone key only its name and its times stay. */
export function isErased({ publicJwk, sealedPrivateJwk }: Material): boolean {
  return publicJwk === undefined && sealedPrivateJwk === undefined
}

/**
 * The one key that signs at `now`: the active one that became so last. Before the first is active (a clock that is
 * behind) it is that first one. Undefined when there is none.
 */
export function chooseSigner<K extends Times & Material & { readonly kid: string }>(
  keys: readonly K[],
  now: Date,
): K | undefined {
  const inTurn = keys.toSorted(byTurn)
  return (
    inTurn.findLast((key) => signingKeyState(key, now) === 'active') ??
    inTurn.find((key) => signingKeyState(key, now) === 'pending')
  )
}

/** In the order in which they come to sign; of two of one moment every instance must choose the same. */
export function byTurn(
  a: Pick<SigningKeyRecord, 'activeFrom' | 'kid'>,
  b: Pick<SigningKeyRecord, 'activeFrom' | 'kid'>,
): number {
  const between = (a.activeFrom?.getTime() ?? 0) - (b.activeFrom?.getTime() ?? 0)
  if (between !== 0) return between
  return a.kid < b.kid ? -1 : 1
}

export function hasPassed(time: Date | undefined, now: Date): boolean {
  return time !== undefined && time <= now
}
