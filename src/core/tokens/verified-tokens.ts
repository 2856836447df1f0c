import type { SigningKeys } from './signing-keys.ts'
import type { Principal } from './verify.ts'

/** What a verification found, as far as it does not change: who calls, and by which key it was signed. */
export interface VerifiedToken {
  readonly principal: Principal
  /** Undefined where it was signed with the operator's own secret for a face, which only a new start changes. */
  readonly kid: string | undefined
}

/**
 * Tokens whose signature and claims have been verified here, by the fingerprint of their exact text: another spelling
 * of the same token is verified again. Whether a token still counts is asked at each find; whether it was revoked is
 * not asked here, since revocations go by identity and not by text.
 */
export interface VerifiedTokens {
  /** The token of this text, if it is known, lives at `now`, is for one of these audiences, and its key is trusted still. */
  readonly find: (fingerprint: string, asked: Asked) => VerifiedToken | undefined
  readonly remember: (fingerprint: string, token: VerifiedToken, now: Date) => void
  readonly size: () => number
  /** How many finds there have been, and how many of them found. */
  readonly finds: () => { readonly asked: number; readonly found: number }
}

interface Asked {
  readonly signingKeys: Pick<SigningKeys, 'find'>
  readonly audiences: readonly string[]
  readonly clockSkewSeconds: number
  readonly now: Date
}

interface Entry extends VerifiedToken {
  readonly rememberedAtMs: number
}

/** Remembers at most `maxTokens`. Those that were not asked for in a while go, half of them at once. */
export function createVerifiedTokens({ maxTokens }: { readonly maxTokens: number }): VerifiedTokens {
  // Two generations: to move each token to the end of one list at each find would cost more than it saves.
  const generationMax = Math.floor(maxTokens / 2)
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()
  let asks = 0
  let found = 0

  function keep(fingerprint: string, entry: Entry): void {
    if (young.size >= generationMax) {
      old = young
      young = new Map()
    }
    young.set(fingerprint, entry)
  }

  return {
    find(fingerprint, asked) {
      asks++
      const recent = young.get(fingerprint)
      const entry = recent ?? old.get(fingerprint)
      if (entry === undefined || !stillCounts(entry, asked)) return undefined
      if (recent === undefined) {
        old.delete(fingerprint)
        keep(fingerprint, entry)
      }
      found++
      return entry
    },
    remember(fingerprint, { principal, kid }, now) {
      old.delete(fingerprint)
      keep(fingerprint, { principal, kid, rememberedAtMs: now.getTime() })
    },
    size: () => young.size + old.size,
    finds: () => ({ asked: asks, found }),
  }
}

/** All that a verification asks and that time, or the caller, can answer otherwise than when the token was remembered. */
function stillCounts(
  { principal, kid, rememberedAtMs }: Entry,
  { signingKeys, audiences, clockSkewSeconds, now }: Asked,
): boolean {
  // The clock has stepped back: what was not to come then may be to come now.
  if (now.getTime() < rememberedAtMs) return false
  if (principal.expiresAt <= Math.floor(now.getTime() / 1000) - clockSkewSeconds) return false
  if (!principal.audiences.some((audience) => audiences.includes(audience))) return false
  // By its name, which is its thumbprint: keys are loaded anew all the time.
  return kid === undefined || signingKeys.find(kid, now) !== undefined
}
