import type { Problem } from './problems'
import { problemOf } from './problems'

/** Somebody as Guichet knows them. */
export interface GuichetUser {
  readonly id: string
  readonly name: string | null
  readonly surname: string | null
  readonly email: string | null
  readonly username: string | null
  readonly role: string
  readonly email_confirmed: boolean
  readonly created_at: string
}

export interface GuichetTokens {
  readonly access_token: string
  readonly refresh_token: string
}

export interface Registration {
  readonly name: string
  readonly surname: string
  readonly email: string
  readonly username: string
  readonly password: string
}

/** What a call comes to: an answer, or why there is none. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem }

/** For whom a call is made: Guichet counts failed attempts by their address, and shows them their devices. */
export type Visitor = (name: string) => string | null | undefined

/** Signs up. Without tokens where the address has to be confirmed first. */
export function register(
  registration: Registration,
  visitor: Visitor,
): Promise<Answer<Partial<GuichetTokens> & { readonly user?: GuichetUser }>> {
  return call('/auth/register', { json: registration, visitor })
}

export function signIn(
  credentials: { readonly identifier: string; readonly password: string },
  visitor: Visitor,
): Promise<Answer<GuichetTokens>> {
  return call('/auth/login', { json: credentials, visitor })
}

/** Says whose token it is. Guichet answers from its database: a session that was ended is over here and now. */
export function whoIs(accessToken: string): Promise<Answer<GuichetUser>> {
  return call('/auth/me', { accessToken })
}

/** Trades a refresh token for the next pair. All who show one token at once get the same one. */
export function refresh(refreshToken: string): Promise<Answer<GuichetTokens>> {
  return call('/auth/refresh', { json: { refresh_token: refreshToken } })
}

export function signOut(accessToken: string): Promise<Answer<unknown>> {
  return call('/auth/logout', { accessToken, method: 'POST' })
}

interface Call {
  readonly method?: 'GET' | 'POST'
  readonly json?: object
  readonly accessToken?: string
  readonly visitor?: Visitor
}

async function call<T>(
  path: string,
  { json, accessToken, visitor, method = json ? 'POST' : 'GET' }: Call,
): Promise<Answer<T>> {
  const headers = new Headers({ Accept: 'application/json' })
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  if (accessToken !== undefined) headers.set('Authorization', `Bearer ${accessToken}`)
  for (const [name, value] of Object.entries(saidOf(visitor))) headers.set(name, value)
  try {
    const answer = await fetch(`${guichetUrl()}${path}`, {
      method,
      headers,
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    const body = await answer.json()
    return answer.ok ? { ok: true, value: body as T } : { ok: false, problem: problemOf(answer, body) }
  } catch (error) {
    // The error names the address at most: no token is ever in it.
    console.error('Guichet does not answer:', error instanceof Error ? error.message : error)
    return { ok: false, problem: { kind: 'unreachable' } }
  }
}

function saidOf(visitor: Visitor | undefined): Record<string, string> {
  const addressHeader = process.env.CLIENT_ADDRESS_HEADER
  const address = addressHeader ? visitor?.(addressHeader) : undefined
  const device = visitor?.('user-agent')
  return { ...(address && { 'X-Forwarded-For': address }), ...(device && { 'User-Agent': device }) }
}

function guichetUrl(): string {
  return (process.env.GUICHET_URL ?? 'http://localhost:3000').replace(/\/$/, '')
}
