import { hash } from 'node:crypto'
import { customAlphabet } from 'nanoid'
import type { World } from '../core/ports.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The real clock, dice, ids and hash. */
export const system: Pick<World, 'now' | 'randomText' | 'newId' | 'fingerprint'> = {
  now: () => new Date(),
  randomText: customAlphabet(BASE62),
  newId: () => crypto.randomUUID(),
  fingerprint: (text) => hash('sha256', text, 'base64url'),
}
