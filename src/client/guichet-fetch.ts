import { GuichetError } from './guichet-error.ts'
import { createTokenEndpoint } from './token-endpoint.ts'
import { createTokenKeeper } from './token-keeper.ts'
import { untilAborted } from './until-aborted.ts'

export { GuichetError } from './guichet-error.ts'

export interface GuichetFetchOptions {
  /** Where the gateway is. Relative addresses of calls start here. */
  readonly url: string | URL
  readonly apiKey: string
  /** Other origins that the token may go to: APIs that verify it themselves. Nowhere else it goes. */
  readonly origins?: readonly string[] | undefined
  /** Ask for these permissions only, of those that the key holds. */
  readonly permissions?: readonly string[] | undefined
  /** Ask for tokens for these services only. */
  readonly audience?: string | readonly string[] | undefined
  /** The gateway's `BASE_PATH`. */
  readonly basePath?: string | undefined
  /** Makes the calls instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  /** On Workers that of `cloudflare:workers`: a renewal then outlives the request that began it. */
  readonly waitUntil?: ((promise: Promise<unknown>) => void) | undefined
  readonly now?: (() => Date) | undefined
  readonly sleep?: ((ms: number) => Promise<void>) | undefined
  /** From 0 to 1, to spread renewals and waits. */
  readonly random?: (() => number) | undefined
}

export type GuichetFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * Makes a `fetch` that authenticates: it exchanges the API key when first called, keeps and renews the access token, and
 * repeats a call once with a new token after a 401 `invalid_token` (RFC 6750 §3.1). Throws a GuichetError when there is no
 * token to be had.
 */
export function createGuichetFetch(options: GuichetFetchOptions): GuichetFetch {
  const { apiKey, permissions, audience, basePath = '', random = Math.random } = options
  if (typeof apiKey !== 'string' || apiKey === '') throw new TypeError('createGuichetFetch needs an apiKey.')
  const base = new URL(options.url)
  const origins = new Set([base.origin, ...(options.origins ?? []).map((origin) => new URL(origin).origin)])
  // A data: or file: URL has the origin "null", as every other of its kind.
  if (origins.has('null')) throw new TypeError('createGuichetFetch needs http or https addresses.')
  const { fetch: send = fetch, waitUntil, now = () => new Date(), sleep = pass } = options
  const root = base.origin + basePath
  const endpoint = createTokenEndpoint({ root, apiKey, permissions, audience, send, now })
  const keeper = createTokenKeeper({ endpoint, now, sleep, random, waitUntil })

  return async (input, init = {}) => {
    const request = typeof input === 'string' || input instanceof URL ? undefined : input
    const url = new URL(request?.url ?? input.toString(), base)
    if (!origins.has(url.origin)) throw strayCall(url)
    const signal = init.signal ?? request?.signal

    const call = (token: string): Promise<Response> => {
      const headers = new Headers(init.headers ?? request?.headers)
      headers.set('Authorization', `Bearer ${token}`)
      // On a redirect to another origin fetch leaves Authorization behind (Fetch standard, HTTP-redirect fetch).
      return send(request ?? url.href, { ...init, headers })
    }

    signal?.throwIfAborted()
    const token = await untilAborted(keeper.token(), signal)
    const response = await call(token)
    if (!refusesToken(response) || !origins.has(originOf(response, url))) return response
    if (!keeper.drop(token) || request?.bodyUsed || isStream(init.body)) return response
    await response.body?.cancel()
    const second = await call(await untilAborted(keeper.token(), signal))
    if (refusesToken(second)) keeper.giveUp()
    return second
  }
}

function strayCall({ origin }: URL): GuichetError {
  return new GuichetError(`${origin} is not among the origins that the token may go to.`, {
    code: 'origin_not_allowed',
  })
}

/** Any other 401 is for the caller: a new token would not change it. */
function refusesToken({ status, headers }: Response): boolean {
  return status === 401 && /\berror="?invalid_token\b/i.test(headers.get('www-authenticate') ?? '')
}

/** Who answered, after redirects. */
function originOf({ url }: Response, asked: URL): string {
  return url === '' ? asked.origin : new URL(url).origin
}

/** Says whether a body is gone once it was sent. */
function isStream(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    (body instanceof ReadableStream || Symbol.asyncIterator in body)
  )
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
