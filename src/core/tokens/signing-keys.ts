import { base64url, type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose'
import type { SigningAlgorithm } from '../policy.ts'
import type { Signer, Vault, World } from '../ports.ts'
import {
  chooseSigner,
  isErased,
  type SigningKeyRecord,
  type SigningKeyState,
  signingKeyState,
} from './signing-key-state.ts'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  /** The protected header of an access token, encoded once (RFC 9068 §2.1). */
  readonly accessTokenHeader: string
  /** The same of a plain `JWT`, as other faces have them. */
  readonly jwtHeader: string
  readonly sign: Signer
}

export interface VerificationKey {
  readonly algorithm: SigningAlgorithm
  readonly key: CryptoKey | Uint8Array
}

/** The signing keys as they are known at one moment, opened and ready; which of them counts is a matter of `now`. */
export interface SigningKeys {
  /** The key that signs at `now`. */
  readonly active: (now: Date) => SigningKey
  /** The key that a `kid` names, unless it is gone; the algorithm is the key's, never the token's. */
  readonly find: (kid: string, now: Date) => VerificationKey | undefined
  /** The public key set (RFC 7517 §5). */
  readonly publicSet: (now: Date) => JSONWebKeySet
  /** The state of each key that is not gone, and when it was made. */
  readonly states: (now: Date) => readonly SigningKeyAge[]
}

export interface SigningKeyAge {
  readonly state: SigningKeyState
  readonly createdAt: Date
}

/** The secrets that we were given do not open what the database holds: the start stops, nothing is minted over it. */
export class SecretMismatchError extends Error {
  override readonly name = 'SecretMismatchError'

  constructor() {
    super(
      'GUICHET_SECRET does not open the signing keys in this database. Start with the secret that wrote them (a comma-separated list may hold old and new).',
    )
  }
}

interface OpenKey {
  readonly record: SigningKeyRecord
  readonly verification: VerificationKey
  /** Undefined for a key that is only trusted. */
  readonly signing: SigningKey | undefined
}

/** Opens the keys of these records, however many hold nothing any more. @throws SecretMismatchError */
export async function openSigningKeys(
  world: Pick<World, 'vault' | 'signatures'>,
  records: readonly SigningKeyRecord[],
): Promise<SigningKeys> {
  const present = records.filter((record) => !isErased(record))
  const opened = await Promise.all(present.map((record) => openKey(world, record)))
  const byKid = new Map(opened.map((key) => [key.record.kid, key]))
  return {
    active(now) {
      const signer = chooseSigner(present, now)
      const signing = signer && byKid.get(signer.kid)?.signing
      if (signing === undefined) throw new Error('No signing key is active.')
      return signing
    },
    find(kid, now) {
      const found = byKid.get(kid)
      if (found === undefined || signingKeyState(found.record, now) === 'gone') return undefined
      return found.verification
    },
    publicSet: (now) => ({ keys: present.flatMap((record) => publicMembers(record, now)) }),
    states: (now) =>
      present
        .map((record) => ({ state: signingKeyState(record, now), createdAt: record.createdAt }))
        .filter(({ state }) => state !== 'gone'),
  }
}

/** Says whether the secrets open every private half there is. */
export function opensAll(vault: Vault, records: readonly SigningKeyRecord[]): boolean {
  return records.every(
    ({ sealedPrivateJwk }) =>
      sealedPrivateJwk === undefined || vault.unseal('signing-key', sealedPrivateJwk) !== undefined,
  )
}

function publicMembers(record: SigningKeyRecord, now: Date): readonly JWK[] {
  if (record.publicJwk === undefined || signingKeyState(record, now) === 'gone') return []
  return [{ ...record.publicJwk, kid: record.kid, alg: record.algorithm, use: 'sig', key_ops: ['verify'] }]
}

async function openKey(
  { vault, signatures }: Pick<World, 'vault' | 'signatures'>,
  record: SigningKeyRecord,
): Promise<OpenKey> {
  const { kid, algorithm, publicJwk, sealedPrivateJwk } = record
  const privateJwk = sealedPrivateJwk === undefined ? undefined : unsealed(vault, sealedPrivateJwk)
  const key = await importJWK((publicJwk ?? privateJwk) as JWK, algorithm)
  const verification = { algorithm, key }
  if (privateJwk === undefined) return { record, verification, signing: undefined }
  const headerOf = (typ: string) => base64url.encode(JSON.stringify({ alg: algorithm, typ, kid }))
  const sign = await signatures.signer(algorithm, privateJwk)
  return {
    record,
    verification,
    signing: {
      kid,
      algorithm,
      accessTokenHeader: headerOf('at+jwt'),
      jwtHeader: headerOf('JWT'),
      sign,
    },
  }
}

function unsealed(vault: Vault, sealed: string): JWK {
  const plain = vault.unseal('signing-key', sealed)
  if (plain === undefined) throw new SecretMismatchError()
  return JSON.parse(plain)
}
