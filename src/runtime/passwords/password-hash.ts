import { fail, ok, type Result } from '../../core/result.ts'
import { bare64, parseBare64 } from './bare64.ts'
import { parseScrypt, type ScryptHash } from './scrypt-hash.ts'

export interface Argon2Hash {
  readonly scheme: 'argon2d' | 'argon2i' | 'argon2id'
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
  readonly salt: Uint8Array
  readonly digest: Uint8Array
}

export interface BcryptHash {
  readonly scheme: 'bcrypt'
  /** Version, cost and salt, as `$2b$12$…`. */
  readonly setting: string
  readonly digest: Uint8Array
}

export type PasswordHash = Argon2Hash | BcryptHash | ScryptHash

/** How much work an argon2id hash of one lane is. */
export interface HashStrength {
  readonly memoryKib: number
  readonly passes: number
}

/** What this gateway writes: OWASP's least for argon2id. */
export const ownStrength: HashStrength = { memoryKib: 19456, passes: 2 }

/** Of the hashes that are written here. */
export const ownSize = { saltBytes: 16, digestBytes: 32 } as const

/** A hash's own numbers say what it costs to verify it: without a bound, one import would be a way to stop the gateway. */
export interface HashLimits {
  /** Of memory, whatever the scheme: a Worker has half of what OWASP's scrypt wants. */
  readonly memoryMaxKib: number
}

/** A PHC string (https://github.com/P-H-C/phc-string-format) of one lane. */
export function spellArgon2id(
  strength: HashStrength,
  { salt, digest }: Pick<Argon2Hash, 'salt' | 'digest'>,
): string {
  return `${spelledStrength(strength)}${bare64(salt)}$${bare64(digest)}`
}

/** Says whether a hash is of the scheme and size that this gateway writes, in a strength. */
export function isOfStrength(text: string, strength: HashStrength): boolean {
  const start = spelledStrength(strength)
  return text.startsWith(start) && OWN_SIZE.test(text.slice(start.length))
}

function spelledStrength({ memoryKib, passes }: HashStrength): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$`
}

/** Reads a hash of any scheme that can be verified here; the refusal says why not, and never quotes the hash. */
export function parsePasswordHash(text: string, limits: HashLimits): Result<PasswordHash, string> {
  if (text.length > TEXT_MAX_LENGTH) return fail('It is too long for a hash.')
  if (text.startsWith('$argon2')) return parseArgon2(text, limits)
  if (text.startsWith('$2')) return parseBcrypt(text)
  if (/^\$?scrypt[$:]/.test(text)) return parseScrypt(text, limits)
  return fail('It is of no scheme that is known here: argon2, bcrypt or scrypt.')
}

const TEXT_MAX_LENGTH = 512
const OWN_SIZE = /^[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/
const ARGON2 =
  /^\$(argon2id|argon2i|argon2d)(?:\$v=(\d{1,3}))?\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
const BCRYPT = /^(\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/

/** Memory times passes: a second's work, about. */
const ARGON2_WORK_MAX_KIB = 1024 * 1024

/** Each lane is a thread while it lasts. */
const ARGON2_LANES_MAX = 16

/** A step more is twice the work: fourteen takes a second. */
const BCRYPT_COST_MAX = 14

function parseArgon2(text: string, { memoryMaxKib }: HashLimits): Result<Argon2Hash, string> {
  const [, scheme, version, m, t, p, salt64 = '', digest64 = ''] = ARGON2.exec(text) ?? []
  if (scheme === undefined) return fail('It is no argon2 hash in the PHC format.')
  if (version !== '19') return fail('It is of an argon2 version other than 19.')
  const [memoryKib, passes, lanes] = [Number(m), Number(t), Number(p)]
  if (lanes < 1 || lanes > ARGON2_LANES_MAX) return fail(`Its p is not between 1 and ${ARGON2_LANES_MAX}.`)
  if (memoryKib < 8 * lanes || memoryKib > memoryMaxKib) {
    return fail(`Its m is not between 8 times p and ${memoryMaxKib}.`)
  }
  if (passes < 1 || memoryKib * passes > ARGON2_WORK_MAX_KIB) {
    return fail(`Its t is not between 1 and ${ARGON2_WORK_MAX_KIB} by m.`)
  }
  const salt = parseBare64(salt64, { min: 8, max: 64 })
  const digest = parseBare64(digest64, { min: 16, max: 64 })
  if (salt === undefined) return fail('Its salt is not base64 of 8 to 64 bytes.')
  if (digest === undefined) return fail('Its digest is not base64 of 16 to 64 bytes.')
  return ok({ scheme: scheme as Argon2Hash['scheme'], memoryKib, passes, lanes, salt, digest })
}

function parseBcrypt(text: string): Result<BcryptHash, string> {
  const [, setting, cost = '', digest = ''] = BCRYPT.exec(text) ?? []
  if (setting === undefined) return fail('It is no bcrypt hash of version 2a, 2b or 2y.')
  if (Number(cost) < 4 || Number(cost) > BCRYPT_COST_MAX) {
    return fail(`Its cost is not between 4 and ${BCRYPT_COST_MAX}.`)
  }
  return ok({ scheme: 'bcrypt', setting, digest: Buffer.from(digest, 'latin1') })
}
