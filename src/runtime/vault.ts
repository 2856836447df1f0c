import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Purpose, Vault } from '../core/ports.ts'

const IV_BYTES = 12
const TAG_BYTES = 16

interface OpenSecret {
  /** Eight hex digits that name the secret beside what it made, and tell nothing about it. */
  readonly id: string
  readonly macKey: (purpose: Purpose) => KeyObject
  readonly cipherKey: (purpose: Purpose) => KeyObject
}

/** A vault over a list of secrets: HMAC-SHA-256 and AES-256-GCM under keys that HKDF derives for each purpose. */
export function createVault(secrets: readonly string[]): Vault {
  const opened = secrets.map(openSecret)
  const [writer] = opened
  if (writer === undefined) throw new Error('A vault needs at least one secret.')
  const byId = new Map(opened.map((secret) => [secret.id, secret]))
  const hmac = (secret: OpenSecret, purpose: Purpose, text: string) =>
    createHmac('sha256', secret.macKey(purpose)).update(text)
  const mac = (secret: OpenSecret, purpose: Purpose, text: string) => hmac(secret, purpose, text).digest()

  return {
    digest: (purpose, text) => `${writer.id}.${hmac(writer, purpose, text).digest('base64url')}`,

    matches(purpose, text, digest) {
      const [id = '', kept = ''] = digest.split('.')
      const secret = byId.get(id)
      if (secret === undefined) return false
      const keptBytes = Buffer.from(kept, 'base64url')
      const bytes = mac(secret, purpose, text)
      return keptBytes.length === bytes.length && timingSafeEqual(bytes, keptBytes)
    },

    knows: (digest) => byId.has(digest.split('.')[0] ?? ''),

    macs: (purpose, text) => opened.map((secret) => mac(secret, purpose, text)),

    seal(purpose, plain) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', writer.cipherKey(purpose), iv)
      const box = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${writer.id}.${box.toString('base64url')}`
    },

    isCurrent: (text) => text.startsWith(`${writer.id}.`),

    unseal(purpose, sealed) {
      const [id = '', text = ''] = sealed.split('.')
      const secret = byId.get(id)
      if (secret === undefined) return undefined
      const box = Buffer.from(text, 'base64url')
      try {
        const decipher = createDecipheriv('aes-256-gcm', secret.cipherKey(purpose), box.subarray(0, IV_BYTES))
        decipher.setAuthTag(box.subarray(-TAG_BYTES))
        const plain = [decipher.update(box.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]
        return Buffer.concat(plain).toString('utf8')
      } catch {
        // The box was altered: as good as lost.
        return undefined
      }
    },
  }
}

/** What stands before the dot names the secret, in digests and sealed texts alike. */
export function secretIdOf(text: string): string {
  return text.split('.', 1)[0] ?? ''
}

function openSecret(secret: string): OpenSecret {
  const derive = (label: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, 'guichet', label, bytes))
  // Prepared: from bare bytes node:crypto makes the key anew for each digest, at four times its cost.
  return {
    id: derive('id', 4).toString('hex'),
    macKey: remember((purpose) => createSecretKey(derive(`mac:${purpose}`, 32))),
    cipherKey: remember((purpose) => createSecretKey(derive(`seal:${purpose}`, 32))),
  }
}

function remember(derive: (purpose: Purpose) => KeyObject): (purpose: Purpose) => KeyObject {
  const known = new Map<Purpose, KeyObject>()
  return (purpose) => {
    const found = known.get(purpose) ?? derive(purpose)
    known.set(purpose, found)
    return found
  }
}
