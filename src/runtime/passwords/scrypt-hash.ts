import { fail, ok, type Result } from '../../core/result.ts'
import { parseBare64 } from './bare64.ts'

export interface ScryptHash {
  readonly scheme: 'scrypt'
  /** N, a power of two. */
  readonly cost: number
  readonly blockSize: number
  readonly parallelization: number
  readonly salt: Uint8Array
  readonly digest: Uint8Array
}

/**
 * Reads scrypt as passlib writes it (PHC, `$scrypt$ln=16,r=8,p=1$salt$digest` in base64), as Django
 * (`scrypt$N$salt$r$p$digest`, the salt being text) and as Werkzeug (`scrypt:N:r:p$salt$digest` in hex).
 */
export function parseScrypt(
  text: string,
  { memoryMaxKib }: { readonly memoryMaxKib: number },
): Result<ScryptHash, string> {
  const hash = parsePhc(text) ?? parseDjango(text) ?? parseWerkzeug(text)
  if (hash === undefined) return fail('It is no scrypt hash as passlib, Django or Werkzeug write it.')
  const { cost, blockSize, parallelization } = hash
  if (cost < 2 || !Number.isInteger(Math.log2(cost))) return fail('Its N is no power of two.')
  if (blockSize < 1 || parallelization < 1) return fail('Its r or its p is 0.')
  const memoryKib = (cost * blockSize) / 8
  if (memoryKib > memoryMaxKib) return fail(`It takes more than ${memoryMaxKib} KiB of memory.`)
  if (memoryKib * parallelization > WORK_MAX_KIB) return fail('It takes too much work.')
  return ok(hash)
}

/** Memory times p: a second's work, about. */
const WORK_MAX_KIB = 512 * 1024

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
const DJANGO =
  /^scrypt\$(\d{1,9})\$([\x21-\x23\x25-\x7e]{1,64})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/]+)={0,2}$/
const WERKZEUG =
  /^scrypt:(\d{1,9}):(\d{1,3}):(\d{1,3})\$([\x21-\x23\x25-\x7e]{1,64})\$((?:[0-9a-f]{2}){16,64})$/

function parsePhc(text: string): ScryptHash | undefined {
  const [matched, ln, r, p, salt64 = '', digest64 = ''] = PHC.exec(text) ?? []
  const salt = parseBare64(salt64, { min: 1, max: 64 })
  const digest = parseBare64(digest64, { min: 16, max: 64 })
  if (matched === undefined || salt === undefined || digest === undefined) return undefined
  return { ...numbers(2 ** Number(ln), r, p), salt, digest }
}

function parseDjango(text: string): ScryptHash | undefined {
  const [matched, n, salt = '', r, p, digest64 = ''] = DJANGO.exec(text) ?? []
  const digest = parseBare64(digest64, { min: 16, max: 64 })
  if (matched === undefined || digest === undefined) return undefined
  return { ...numbers(Number(n), r, p), salt: Buffer.from(salt), digest }
}

function parseWerkzeug(text: string): ScryptHash | undefined {
  const [matched, n, r, p, salt = '', digest = ''] = WERKZEUG.exec(text) ?? []
  if (matched === undefined) return undefined
  return { ...numbers(Number(n), r, p), salt: Buffer.from(salt), digest: Buffer.from(digest, 'hex') }
}

function numbers(cost: number, r: string | undefined, p: string | undefined) {
  return { scheme: 'scrypt', cost, blockSize: Number(r), parallelization: Number(p) } as const
}
