import { decode, encode, type JWT } from 'next-auth/jwt'

/** How long the cookie lives; the session in it may be over sooner, which Guichet says. */
export const sessionMaxAgeSeconds = 7 * 86_400

/** A browser keeps no cookie above 4096 bytes: NextAuth cuts a longer one into pieces of this size, and so do we. */
const PIECE_LENGTH = 3933

interface Cookie {
  readonly name: string
  readonly value: string
}

/** A cookie to set; with an empty value it is to be removed. */
export interface CookieToSet extends Cookie {
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'lax'
  readonly path: '/'
  readonly maxAge: number
}

/** Opens the session of some cookies; undefined where there is none that we have sealed. */
export async function readSession(cookies: readonly Cookie[]): Promise<JWT | undefined> {
  const pieces = sessionCookies(cookies).toSorted((a, b) => pieceOf(a) - pieceOf(b))
  const token = pieces.map(({ value }) => value).join('')
  if (token === '') return undefined
  try {
    return (await decode({ token, secret: secret() })) ?? undefined
  } catch {
    // Sealed under another secret, altered, or over.
    return undefined
  }
}

/** Seals a session in the cookies that NextAuth reads, and removes the pieces of the one before that are too many. */
export async function sealSession(session: JWT, before: readonly Cookie[]): Promise<readonly CookieToSet[]> {
  const token = await encode({ token: session, secret: secret(), maxAge: sessionMaxAgeSeconds })
  const name = cookieName()
  const pieces = token.match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? []
  const cookies = pieces.map((value, index) =>
    cookieToSet({ name: pieces.length === 1 ? name : `${name}.${index}`, value }, sessionMaxAgeSeconds),
  )
  const names = new Set(cookies.map((cookie) => cookie.name))
  return [...cookies, ...forgetSession(before).filter((cookie) => !names.has(cookie.name))]
}

/** What removes the session from a browser. */
export function forgetSession(cookies: readonly Cookie[]): readonly CookieToSet[] {
  return sessionCookies(cookies).map(({ name }) => cookieToSet({ name, value: '' }, 0))
}

function sessionCookies(cookies: readonly Cookie[]): readonly Cookie[] {
  const name = cookieName()
  return cookies.filter((cookie) => cookie.name === name || cookie.name.startsWith(`${name}.`))
}

function pieceOf({ name }: Cookie): number {
  return Number(/\.(\d+)$/.exec(name)?.[1] ?? 0)
}

function cookieToSet(cookie: Cookie, maxAge: number): CookieToSet {
  return { ...cookie, httpOnly: true, secure: isSecure(), sameSite: 'lax', path: '/', maxAge }
}

/** NextAuth's own names: with https the prefix lets no page without it write the cookie. */
function cookieName(): string {
  return `${isSecure() ? '__Secure-' : ''}next-auth.session-token`
}

function isSecure(): boolean {
  return process.env.NEXTAUTH_URL?.startsWith('https://') ?? false
}

function secret(): string {
  const value = process.env.NEXTAUTH_SECRET
  if (!value) throw new Error('NEXTAUTH_SECRET is not set: see SETUP.md.')
  return value
}
