import { customAlphabet } from 'nanoid'
import type { World } from '../core/ports.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The real clock, dice and ids. */
export const system: Pick<World, 'now' | 'randomText' | 'newId'> = {
  now: () => new Date(),
  randomText: customAlphabet(BASE62),
  newId: () => crypto.randomUUID(),
}
