import nodeCrypto, { hash } from 'node:crypto'
import { customAlphabet } from 'nanoid'
import type { World } from '../core/ports.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Not everywhere: workerd has none yet. */
const inOrderOfTime: (() => string) | undefined = nodeCrypto.randomUUIDv7

/** The real clock, dice, ids and hash. */
export const system: Pick<World, 'now' | 'randomText' | 'newId' | 'fingerprint'> = {
  now: () => new Date(),
  randomText: customAlphabet(BASE62),
  // New rows go to the end of an index: at random places each of them costs PostgreSQL a page of its log.
  newId: inOrderOfTime === undefined ? () => crypto.randomUUID() : () => inOrderOfTime(),
  fingerprint: (text) => hash('sha256', text, 'base64url'),
}
