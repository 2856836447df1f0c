import { covers } from '../permissions.ts'
import type { ServiceParts } from '../service-parts.ts'
import { mintAccessToken } from './access-token.ts'
import type { Principal } from './verify.ts'

const LIFETIME_SECONDS = 60
/** A token with less than this left is not handed on: the upstream may look at it late. */
const REMAINING_MIN_SECONDS = 20
const REMEMBERED_MAX = 10_000

/** What an upstream is told: itself as the only audience, and what the call needed. */
export interface UpstreamTokenOrder {
  readonly audience: string
  readonly permissions: readonly string[]
}

/** The short tokens that tell upstreams who calls, each minted once for all calls that need the same. */
export interface UpstreamTokens {
  readonly remembered: (name: string, nowSeconds: number) => Promise<string> | undefined
  readonly remember: (name: string, token: Promise<string>, usableUntilSeconds: number) => void
  readonly size: () => number
}

export function createUpstreamTokens(): UpstreamTokens {
  const entries = new Map<string, { readonly token: Promise<string>; readonly usableUntilSeconds: number }>()
  return {
    remembered(name, nowSeconds) {
      const entry = entries.get(name)
      // Also when the clock has stepped back: what seems to have longer than any token lives is not trusted.
      const left = entry === undefined ? 0 : entry.usableUntilSeconds - nowSeconds
      return left > 0 && left <= LIFETIME_SECONDS ? entry?.token : undefined
    },
    remember(name, token, usableUntilSeconds) {
      entries.delete(name)
      entries.set(name, { token, usableUntilSeconds })
      if (entries.size > REMEMBERED_MAX) entries.delete(entries.keys().next().value as string)
    },
    size: () => entries.size,
  }
}

/**
 * A JWT of a minute for one upstream (RFC 9068): the caller as its subject, that upstream as its only `aud`, and what
 * the route needs, as far as the caller holds it, as its scope. It ends with the token that it was made for.
 */
export function mintUpstreamToken(
  { world, policy, memory }: ServiceParts,
  principal: Principal,
  { audience, permissions: needed }: UpstreamTokenOrder,
): Promise<string> {
  const now = world.now()
  const nowSeconds = Math.floor(now.getTime() / 1000)
  const { tokenId, keyId } = principal
  // Where a rule only watches, a caller gets here without what the route needs: it is not said to hold it.
  const permissions = needed.filter((permission) => covers(principal.permissions, permission))
  // With the key that signs: once that is withdrawn, an upstream would refuse what it has signed.
  const key = memory.signingKeys.active(now)
  const name = JSON.stringify([key.kid, tokenId === '' ? keyId : tokenId, audience, permissions])
  const known = memory.upstreamTokens.remembered(name, nowSeconds)
  if (known !== undefined) return known
  const expiresAt = Math.min(nowSeconds + LIFETIME_SECONDS, principal.expiresAt)
  const minted = mintAccessToken(
    {
      ...principal,
      issuer: policy.issuer,
      face: undefined,
      audiences: [audience],
      tokenId: world.newId(),
      permissions,
      parentTokenIds: tokenId === '' ? [] : [tokenId, ...principal.parentTokenIds],
      issuedAt: Math.min(nowSeconds, expiresAt - 1),
      expiresAt,
    },
    key,
  )
  const token = Promise.resolve(minted)
  memory.upstreamTokens.remember(name, token, expiresAt - REMAINING_MIN_SECONDS)
  return token
}
