import { findApiKey } from './api-key.ts'
import { CliError } from './cli-error.ts'
import { gatewayUrl } from './gateway-url.ts'

/** As many rows a page as the gateway gives. */
const PAGE_ROWS = 200
const ANSWER_TIMEOUT_MS = 15_000
/** The shortest that every gateway allows; one command is done long before. */
const ACCESS_TTL_SECONDS = 60

/** A running gateway that we hold an access token for. */
export interface Gateway {
  /** Answers the `data` of a success. @throws CliError */
  readonly call: <T>(method: Method, path: string, sent?: Sent) => Promise<T>
  /** Follows the cursor to the end and answers every row. @throws CliError */
  readonly listAll: <T>(path: string, filter?: Filter) => Promise<readonly T[]>
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
type Filter = Readonly<Record<string, string>>

interface Sent {
  readonly json?: object | undefined
  /** Lets the same call be made again without doing it twice. */
  readonly idempotencyKey?: string | undefined
}

/**
 * Exchanges the API key for a token that may do no more than `permissions`; undefined takes all that the key may do.
 * @throws CliError
 */
export async function enterGateway(permissions: readonly string[] | undefined): Promise<Gateway> {
  const baseUrl = gatewayUrl()
  const { access } = await send<{ readonly access: string }>(`${baseUrl}/api/v1/auth/token/`, 'POST', {
    json: { apiKey: await findApiKey(), expires_in: ACCESS_TTL_SECONDS, ...(permissions && { permissions }) },
  })
  const call = <T>(method: Method, path: string, sent: Sent = {}) =>
    send<T>(`${baseUrl}/api/v1${path}`, method, { ...sent, access })
  return {
    call,
    async listAll<T>(path: string, filter: Filter = {}) {
      const rows: T[] = []
      let cursor: string | null = null
      do {
        const place = cursor !== null && { cursor }
        const query = new URLSearchParams({ limit: String(PAGE_ROWS), ...filter, ...place })
        const page: Page<T> = await call<Page<T>>('GET', `${path}?${query}`)
        rows.push(...page.items)
        cursor = page.next_cursor
      } while (cursor !== null)
      return rows
    },
  }
}

/** One call on a public route, whose credential is in what is sent. @throws CliError */
export function callOpenly<T>(path: string, json: object): Promise<T> {
  return send<T>(`${gatewayUrl()}/api/v1${path}`, 'POST', { json })
}

interface Page<T> {
  readonly items: readonly T[]
  readonly next_cursor: string | null
}

interface Envelope {
  readonly data?: unknown
  readonly error?: {
    readonly code: string
    readonly message: string
    readonly details?: readonly { readonly field: string; readonly message: string }[]
  }
  readonly meta: { readonly request_id: string }
}

async function send<T>(
  url: string,
  method: string,
  { json, idempotencyKey, access }: Sent & { readonly access?: string },
): Promise<T> {
  const { status, text } = await fetchText(url, {
    method,
    // Followed, it would carry the key to wherever the answer says.
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    headers: {
      Accept: 'application/json',
      ...(json && { 'Content-Type': 'application/json' }),
      ...(access !== undefined && { Authorization: `Bearer ${access}` }),
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
    },
    ...(json && { body: JSON.stringify(json) }),
  })
  const envelope = parseEnvelope(text)
  if (envelope === undefined) throw notAGateway(url, status)
  // The exchange itself needs no token: this path is not where it is, and to a stranger all others say this.
  if (envelope.error?.code === 'missing_token' && access === undefined) throw notAGateway(url, status)
  if (envelope.error !== undefined) throw refusal(envelope.error, envelope.meta.request_id)
  // The path decides what the data is, and each caller names it beside its path.
  return envelope.data as T
}

async function fetchText(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, init)
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw new CliError(
      `No gateway answers at ${new URL(url).origin} (${unreachableBecause(error)}). Is it running, and does GUICHET_URL name it?`,
      'unreachable',
    )
  }
}

function unreachableBecause(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const cause = error.cause instanceof Error ? error.cause : error
  return 'code' in cause ? String(cause.code) : cause.name
}

function parseEnvelope(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isEnvelope = typeof value === 'object' && value !== null && ('data' in value || 'error' in value)
    // Nothing else than a gateway of ours answers so.
    return isEnvelope && 'meta' in value ? (value as Envelope) : undefined
  } catch {
    return undefined
  }
}

function refusal({ code, message, details = [] }: NonNullable<Envelope['error']>, requestId: string) {
  const more = details.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
  return new CliError(`${[message, ...more].join(' ')} (${code}, ${requestId})`, 'failed')
}

function notAGateway(url: string, status: number): CliError {
  const { origin, pathname } = new URL(url)
  // What a proxy in front says when there is nothing behind it.
  if ([502, 503, 504].includes(status)) {
    return new CliError(`The gateway behind ${origin} cannot be reached (status ${status}).`, 'unreachable')
  }
  return new CliError(
    `There is no Guichet gateway at ${origin + pathname.slice(0, pathname.indexOf('/api/v1/'))} (status ${status}). GUICHET_URL must name it, its BASE_PATH included.`,
    'failed',
  )
}
