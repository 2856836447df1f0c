import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Passwords } from '../../core/accounts/passwords.ts'
import { commonPasswords } from './common-passwords.ts'
import type { HashingQueue } from './hashing-queue.ts'
import {
  type Argon2Hash,
  type BcryptHash,
  type HashLimits,
  type HashStrength,
  isOfStrength,
  ownSize,
  ownStrength,
  type PasswordHash,
  parsePasswordHash,
  spellArgon2id,
} from './password-hash.ts'
import type { ScryptHash } from './scrypt-hash.ts'

/** What a password is hashed to under the terms of a hash: as many bytes as its digest has. */
export type Digest<Hash> = (password: string, hash: Hash) => Promise<Uint8Array>

/** The three schemes, as a platform computes them. */
export interface Schemes {
  readonly argon2: Digest<Argon2Hash>
  readonly bcrypt: Digest<BcryptHash>
  readonly scrypt: Digest<ScryptHash>
}

export interface PasswordsOptions {
  readonly schemes: Schemes
  readonly queue: HashingQueue
  readonly limits: HashLimits
  /** Of what is written; the gateway's own where it is not given. */
  readonly strength?: HashStrength
}

/** The passwords of a platform: writes argon2id, verifies whatever `parsePasswordHash` reads. */
export function createPasswords({
  schemes,
  queue,
  limits,
  strength = ownStrength,
}: PasswordsOptions): Passwords {
  // Of no password.
  const decoy = blankHash(strength, new Uint8Array(ownSize.saltBytes))

  async function isOf(password: string, hash: PasswordHash): Promise<boolean> {
    const threads = 'lanes' in hash ? hash.lanes : 1
    const digest = await queue(() => digestOf(password, hash, schemes), threads)
    return timingSafeEqual(digest, hash.digest)
  }

  return {
    async hash(password) {
      if (!password.isWellFormed()) throw new TypeError('A password with a lone surrogate was not judged.')
      const hash = blankHash(strength, randomBytes(ownSize.saltBytes))
      const digest = await queue(() => schemes.argon2(password, hash))
      return spellArgon2id(strength, { salt: hash.salt, digest })
    },

    async verify(password, text) {
      if (!password.isWellFormed()) return false
      const parsed = text === undefined ? undefined : parsePasswordHash(text, limits)
      if (parsed?.ok && isTold(password, parsed.value)) return isOf(password, parsed.value)
      // For the time that it takes: an answer at once would tell that somebody is here, and where their hash came from.
      await isOf(password, decoy)
      return false
    },

    needsRehash: (text) => !isOfStrength(text, strength),

    describe(text) {
      const parsed = parsePasswordHash(text, limits)
      return parsed.ok ? { scheme: parsed.value.scheme } : { problem: parsed.failure }
    },

    common: commonPasswords,
  }
}

/** A hash whose digest is to be made. */
function blankHash(strength: HashStrength, salt: Uint8Array): Argon2Hash {
  return { ...strength, lanes: 1, scheme: 'argon2id', salt, digest: new Uint8Array(ownSize.digestBytes) }
}

/** bcrypt reads so much of a password and no more. */
const BCRYPT_MAX_BYTES = 72

/**
 * bcrypt hashes the first 72 bytes, and repeats the password after a NUL as often as they hold: others than the right one
 * would match, and be written down as the right one at the next hash. Such a password needs a reset.
 */
function isTold(password: string, { scheme }: PasswordHash): boolean {
  if (scheme !== 'bcrypt') return true
  return Buffer.byteLength(password) <= BCRYPT_MAX_BYTES && !password.includes('\0')
}

function digestOf(password: string, hash: PasswordHash, schemes: Schemes): Promise<Uint8Array> {
  if (hash.scheme === 'bcrypt') return schemes.bcrypt(password, hash)
  if (hash.scheme === 'scrypt') return schemes.scrypt(password, hash)
  return schemes.argon2(password, hash)
}
