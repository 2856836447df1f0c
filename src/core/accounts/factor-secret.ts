import type { World } from '../ports.ts'
import type { Factor } from './factor.ts'

/** Seals an authenticator's secret for one factor: in the row of another it opens nothing. */
export function sealFactorSecret({ vault }: Pick<World, 'vault'>, id: string, secret: string): string {
  return vault.seal('factor-secret', `${id}.${secret}`)
}

/** The secret of an authenticator; undefined for a factor that has none, and where it cannot be opened any more. */
export function openFactorSecret(
  { vault }: Pick<World, 'vault'>,
  { id, sealedSecret }: Pick<Factor, 'id' | 'sealedSecret'>,
): string | undefined {
  const opened = sealedSecret === undefined ? undefined : vault.unseal('factor-secret', sealedSecret)
  return opened?.startsWith(`${id}.`) ? opened.slice(id.length + 1) : undefined
}
