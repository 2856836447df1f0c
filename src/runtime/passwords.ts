import crypto, { randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Passwords } from '../core/ports.ts'

const MEMORY_KIB = 19_456
const PASSES = 2
const PARAMETERS = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$`
const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const common: ReadonlySet<string> = new Set(['password', 'password12345678', 'correcthorsebatterystaple'])

/** Argon2id by node:crypto. */
export const passwords: Passwords = {
  async hash(password) {
    const nonce = randomBytes(16)
    const tag = await derive(password, {
      nonce,
      memory: MEMORY_KIB,
      passes: PASSES,
      parallelism: 1,
      tagLength: 32,
    })
    return `${PARAMETERS}${bare(nonce)}$${bare(tag)}`
  },
  async verify(password, hash) {
    const [, memory, passes, parallelism, salt = '', kept = ''] = PHC.exec(hash) ?? []
    if (memory === undefined) return false
    const tag = Buffer.from(kept, 'base64')
    const own = await derive(password, {
      nonce: Buffer.from(salt, 'base64'),
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
      tagLength: tag.length,
    })
    return timingSafeEqual(own, tag)
  },
  needsRehash: (hash) => !hash.startsWith(PARAMETERS),
  isCommon: (password) => common.has(password.toLowerCase()),
}

function derive(
  password: string,
  parameters: {
    readonly nonce: Buffer
    readonly memory: number
    readonly passes: number
    readonly parallelism: number
    readonly tagLength: number
  },
): Promise<Buffer> {
  // Looked up when it is needed: workerd has none.
  return promisify(crypto.argon2)('argon2id', { message: Buffer.from(password, 'utf8'), ...parameters })
}

function bare(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
