import { scryptSync } from 'node:crypto'
import { argon2d, argon2i, argon2id } from '@noble/hashes/argon2.js'
import simd from 'argon2id/dist/simd.wasm'
import setUpArgon2id, { type computeHash } from 'argon2id/lib/setup.js'
import type { Passwords } from '../../core/accounts/passwords.ts'
import { bcryptDigest } from './bcrypt-digest.ts'
import { createPasswords, type Schemes } from './create-passwords.ts'
import { hashingPace } from './hashing-pace.ts'
import type { Argon2Hash } from './password-hash.ts'

/** Passwords in an isolate, which has one thread: hashing holds it, so it goes at a pace that leaves gaps. */
export function workerPasswords(): Passwords {
  const queue = hashingPace({
    everyMs: 80,
    gapMs: 30,
    waitMaxMs: 10_000,
    nowMs: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  })
  // An isolate has 128 MiB in all.
  return createPasswords({ schemes, queue, limits: { memoryMaxKib: 64 * 1024 } })
}

const schemes: Schemes = {
  async argon2(password, hash) {
    const bytes = Buffer.from(password)
    // The other variants are beyond the WebAssembly, and so is a password of a byte or none.
    if (hash.scheme === 'argon2id' && bytes.length > 1) {
      const { salt, lanes, passes, memoryKib, digest } = hash
      const compute = await argon2idOfWasm()
      return compute({
        password: bytes,
        salt,
        parallelism: lanes,
        passes,
        memorySize: memoryKib,
        tagLength: digest.length,
      })
    }
    return plainArgon2(bytes, hash)
  },

  async scrypt(password, { cost, blockSize, parallelization, salt, digest }) {
    const maxmem = 256 * cost * blockSize * parallelization
    return scryptSync(password, salt, digest.length, { cost, blockSize, parallelization, maxmem })
  },

  async bcrypt(password, { setting }) {
    return bcryptDigest(password, setting)
  },
}

let compute: computeHash | undefined

/** The one of this isolate: it takes 65 MiB, so it comes with the first password. */
async function argon2idOfWasm(): Promise<computeHash> {
  if (compute !== undefined) return compute
  const load = async (imports: WebAssembly.Imports) => ({
    module: simd,
    instance: new WebAssembly.Instance(simd, imports),
  })
  compute = await setUpArgon2id(load, load)
  return compute
}

const variants = { argon2d, argon2i, argon2id }

function plainArgon2(password: Uint8Array, hash: Argon2Hash): Uint8Array {
  const { scheme, memoryKib, passes, lanes, salt, digest } = hash
  return variants[scheme](password, salt, { m: memoryKib, t: passes, p: lanes, dkLen: digest.length })
}
