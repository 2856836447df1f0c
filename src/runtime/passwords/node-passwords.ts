import { argon2, scrypt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { resolve as resolvePath } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Passwords } from '../../core/accounts/passwords.ts'
import type { BcryptOrder } from './bcrypt-thread.ts'
import { createPasswords, type Schemes } from './create-passwords.ts'
import { hashingQueue } from './hashing-queue.ts'
import { type HashStrength, ownStrength } from './password-hash.ts'

/** Passwords by node:crypto, off the thread that answers calls; written in the gateway's own strength unless told. */
export function nodePasswords(strength: HashStrength = ownStrength): Passwords {
  const queue = hashingQueue({
    threads: hashingThreads(availableParallelism(), Number(process.env['UV_THREADPOOL_SIZE']) || 4),
    waitingMax: 1000,
    waitMaxMs: 10_000,
    nowMs: () => performance.now(),
  })
  // OWASP's scrypt takes 128 MiB.
  return createPasswords({ schemes, queue, strength, limits: { memoryMaxKib: 128 * 1024 } })
}

/** A core stays for answering calls, and a thread of Node's pool for its files and names. */
export function hashingThreads(cores: number, poolThreads: number): number {
  return Math.max(1, Math.min(cores, poolThreads) - 1)
}

const argon2Of = promisify(argon2)
const scryptOf = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

const schemes: Schemes = {
  argon2: (password, { scheme, memoryKib, passes, lanes, salt, digest }) =>
    argon2Of(scheme, {
      message: password,
      nonce: salt,
      parallelism: lanes,
      tagLength: digest.length,
      memory: memoryKib,
      passes,
    }),

  scrypt: (password, { cost, blockSize, parallelization, salt, digest }) => {
    // Twice what it takes: Node counts a little more than the formula.
    const maxmem = 256 * cost * blockSize * parallelization
    return scryptOf(password, salt, digest.length, { cost, blockSize, parallelization, maxmem })
  },

  // In JavaScript, for a tenth of a second: a thread of its own, once for each person who comes from elsewhere.
  bcrypt: (password, { setting }) =>
    new Promise((resolve, reject) => {
      const order: BcryptOrder = { password, setting }
      const thread = new Worker(resolvePath(import.meta.dirname, 'bcrypt-thread.ts'), { workerData: order })
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', (code) => reject(new Error(`The thread of a bcrypt hash ended with ${code}.`)))
    }),
}
