import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'

/** How long the gateway lets its key set be cached: so long a key that was withdrawn there may still be good here. */
const RENEW_MS = 300_000
/** How soon after a renewal that failed the next call tries again. */
const RETRY_MS = 30_000
/** How long keys stay good while the gateway cannot be reached. */
const KEEP_MS = 3_600_000

/** The keys can neither be fetched nor remembered. */
export class KeysUnavailable extends Error {}

/**
 * Finds the key of a token in the gateway's key set (RFC 7517 §5), fetched with the first token. jose keeps the set, and
 * fetches again for a `kid` that it does not know, at most once in 30 seconds.
 */
export function createKeySet(
  url: URL,
  options: { readonly fetch: typeof fetch | undefined; readonly now: () => Date },
): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(url, {
    // Age is judged here.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    ...(options.fetch && { [customFetch]: options.fetch }),
  })
  let loadedAtMs = Number.NEGATIVE_INFINITY
  let renewAtMs = 0

  async function renew(): Promise<void> {
    const nowMs = options.now().getTime()
    const usable = nowMs - loadedAtMs < KEEP_MS
    if (usable && nowMs < renewAtMs) return
    // Before the wait: one call waits, the others go on with the keys that are here.
    renewAtMs = nowMs + RETRY_MS
    try {
      await remote.reload()
      loadedAtMs = nowMs
      renewAtMs = nowMs + RENEW_MS
    } catch (error) {
      if (!usable) throw error
    }
  }

  return async (header, token) => {
    // Ours name their key. Without a name jose would take any key of the algorithm.
    if (header.kid === undefined) throw new errors.JWKSNoMatchingKey()
    try {
      await renew()
      return await remote(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw error
      throw new KeysUnavailable(`The key set cannot be used: ${describe(error)}`, { cause: error })
    }
  }
}

/** With the cause within: a failed fetch says no more than that it failed. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
