import type { Store, World } from '../core/ports.ts'
import { nodePasswords } from './passwords/node-passwords.ts'
import { createWorld } from './world.ts'

/** One for the process: its threads are what is shared. */
const passwords = nodePasswords()

/** The real world around a store, on Node. */
export function createNodeWorld(
  store: Store,
  secrets: readonly string[],
  given: Partial<Pick<World, 'passwords' | 'raise' | 'mailQueued' | 'signatures' | 'captcha'>> = {},
): World {
  return createWorld(store, secrets, { passwords, ...given })
}
