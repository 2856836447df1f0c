import type { Store, World } from '../core/ports.ts'
import { addresses } from './addresses.ts'
import { oneTimeCodes } from './one-time-codes.ts'
import { webSignatures } from './signatures.ts'
import { system } from './system.ts'
import { createVault } from './vault.ts'

/** The real world around a store. */
export function createWorld(
  store: Store,
  secrets: readonly string[],
  // The command line raises no alarms, since it answers no calls; and WebCrypto signs everywhere.
  {
    passwords,
    raise = () => {},
    mailQueued = () => {},
    signatures = webSignatures,
    captcha,
  }: Pick<World, 'passwords'> & Partial<Pick<World, 'raise' | 'mailQueued' | 'signatures' | 'captcha'>>,
): World {
  return {
    ...system,
    vault: createVault(secrets),
    signatures,
    addresses,
    passwords,
    oneTimeCodes,
    captcha,
    raise,
    mailQueued,
    store,
  }
}
