import type { Store, World } from '../core/ports.ts'
import { addresses } from './addresses.ts'
import { webSignatures } from './signatures.ts'
import { system } from './system.ts'
import { createVault } from './vault.ts'

/** The real world around a store. */
export function createWorld(
  store: Store,
  secrets: readonly string[],
  // The command line raises none: it answers no calls.
  { raise = () => {} }: Partial<Pick<World, 'raise'>> = {},
): World {
  return { ...system, vault: createVault(secrets), signatures: webSignatures, addresses, raise, store }
}
