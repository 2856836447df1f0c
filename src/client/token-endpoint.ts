import { GuichetError } from './guichet-error.ts'
import { parseRetryAfter } from './retry-after.ts'

/** An access token and how it is renewed. Times are of this clock, whatever the gateway's says. */
export interface Tokens {
  readonly access: string
  readonly issuedAtMs: number
  readonly lifeMs: number
  readonly refresh: string
  readonly refreshEndsAtMs: number
}

/** The two calls that bring tokens. Both throw a GuichetError that holds neither the key nor a token. */
export interface TokenEndpoint {
  readonly exchange: () => Promise<Tokens>
  readonly refresh: (old: Tokens) => Promise<Tokens>
}

export interface TokenEndpointOptions {
  /** The gateway's origin with its base path. */
  readonly root: string
  readonly apiKey: string
  readonly permissions: readonly string[] | undefined
  readonly audience: string | readonly string[] | undefined
  readonly send: typeof fetch
  readonly now: () => Date
}

const TIMEOUT_MS = 10_000
/** What a 429 or a 503 without `Retry-After` is taken to mean. */
const RETRY_AFTER_SECONDS = 1
/** Shorter than any key: one of small letters alone would look like a code. */
const CODE_MAX_LENGTH = 40

/** The native face of a gateway: `/api/v1/auth/token/` and `…/refresh/`. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { root, apiKey, permissions, audience, now } = options
  return {
    async exchange() {
      const sentAtMs = now().getTime()
      const { data, meta } = await post(options, `${root}/api/v1/auth/token/`, {
        apiKey,
        permissions,
        audience,
      })
      return {
        access: text(data, 'access'),
        issuedAtMs: sentAtMs,
        lifeMs: life(data, meta, 'access_expire'),
        refresh: text(data, 'refresh'),
        refreshEndsAtMs: sentAtMs + life(data, meta, 'refresh_expire'),
      }
    },
    async refresh(old) {
      const sentAtMs = now().getTime()
      const { data, meta } = await post(options, `${root}/api/v1/auth/token/refresh/`, {
        refresh: old.refresh,
      })
      const lifeMs = life(data, meta, 'access_expire')
      return { ...old, access: text(data, 'access'), issuedAtMs: sentAtMs, lifeMs }
    },
  }
}

type Members = Readonly<Record<string, unknown>>

async function post(
  { send, now }: TokenEndpointOptions,
  url: string,
  credentials: object,
): Promise<{ readonly data: Members; readonly meta: Members }> {
  const sent = JSON.stringify(credentials)
  const { response, answer } = await exchangeBodies(send, url, sent)
  if (response.status === 200) return { data: members(answer['data']), meta: members(answer['meta']) }
  const { status, headers } = response
  const code = codeOf(answer)
  const waits = status === 429 || status === 503
  throw new GuichetError(`No access token: the gateway answered ${status} ${code}.`, {
    code,
    status,
    requestId: requestIdOf(headers, sent),
    retryAfterSeconds: waits
      ? (parseRetryAfter(headers.get('retry-after'), now()) ?? RETRY_AFTER_SECONDS)
      : undefined,
  })
}

async function exchangeBodies(send: typeof fetch, url: string, body: string) {
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body,
      // Not followed: a 307 would carry the key to wherever it points.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { response, answer: parseMembers(await response.text()) }
  } catch (cause) {
    throw new GuichetError('No access token: the gateway cannot be reached.', {
      code: 'gateway_unreachable',
      cause,
    })
  }
}

/** Only what is a code of ours: whatever else answers at that address might send the key back. */
function codeOf(answer: Members): string {
  const { code } = members(answer['error'])
  const isOurs =
    typeof code === 'string' && code.length <= CODE_MAX_LENGTH && /^[a-z]+(?:_[a-z]+)*$/.test(code)
  return isOurs ? code : 'unexpected_answer'
}

function requestIdOf(headers: Headers, sent: string): string | undefined {
  const id = headers.get('x-request-id') ?? ''
  return /^[A-Za-z0-9._-]{1,128}$/.test(id) && !sent.includes(id) ? id : undefined
}

function parseMembers(json: string): Members {
  try {
    return members(JSON.parse(json))
  } catch {
    return {}
  }
}

function members(value: unknown): Members {
  // An object of JSON: its members are looked at one by one.
  return typeof value === 'object' && value !== null ? (value as Members) : {}
}

function text(data: Members, name: string): string {
  const value = data[name]
  if (typeof value === 'string' && value !== '') return value
  throw unexpected(name)
}

/** By the gateway's own clock on both ends, so that this one may be wrong. */
function life(data: Members, meta: Members, name: string): number {
  const lifeMs = Date.parse(text(data, name)) - Date.parse(text(meta, 'timestamp'))
  if (Number.isFinite(lifeMs)) return lifeMs
  throw unexpected(name)
}

function unexpected(name: string): GuichetError {
  return new GuichetError(`No access token: the answer's ${name} is not one of a gateway.`, {
    code: 'unexpected_answer',
    status: 200,
  })
}
