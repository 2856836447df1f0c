import { deny } from './deny.ts'
import type { Grant } from './grant.ts'

/** By the signature of a wallet, which is not taken here. */
export const web3Grant: Grant = async (c) =>
  deny(c, { status: 422, code: 'web3_provider_disabled', message: 'Web3 provider is disabled' })
