import { type NextRequest, NextResponse } from 'next/server'
import { isLanguage, languageCookie } from '@/lib/language-names'
import { renew } from '@/lib/renew'
import { type CookieToSet, forgetSession, readSession, sealSession } from '@/lib/session-cookie'
import { siteUrl } from '@/lib/site-url'

/** All but what is the same for everybody. */
export const config = { matcher: ['/((?!_next/static|_next/image|icon.svg|favicon.ico).*)'] }

/** Of NextAuth's own routes those that look at the tokens. They set the cookie themselves. */
const authPaths = ['/api/auth/session', '/api/auth/signout']

/**
 * Stands before every page (Next.js 16 calls it proxy, before it was middleware): sends the signed-out to the sign-in
 * page, and renews tokens that are about to end. Here and not in a page, since a page cannot set the cookie, and a
 * refresh token whose successor was not kept is lost.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname, searchParams } = request.nextUrl
  const language = searchParams.get('lang')
  if (isLanguage(language)) return chooseLanguage(request, language)
  const isApi = pathname.startsWith('/api/')
  if (isApi && !authPaths.includes(pathname)) return NextResponse.next()

  const before = request.cookies.getAll()
  const session = await readSession(before)
  const renewal = session && (await renew(session))
  if (renewal?.kind === 'fresh') return NextResponse.next()
  const isOver = renewal?.kind !== 'renewed'
  const cookies = isOver ? forgetSession(before) : await sealSession(renewal.session, before)
  if (isOver && isClosed(pathname)) {
    return withCookies(askToSignIn(request, renewal !== undefined), cookies)
  }
  // The page that is about to be made reads the cookies of the request.
  for (const { name, value } of cookies) {
    if (value === '') request.cookies.delete(name)
    else request.cookies.set(name, value)
  }
  const response = NextResponse.next({ request: { headers: request.headers } })
  // NextAuth writes the session that it was given itself, or takes it away.
  return isApi && !isOver ? response : withCookies(response, cookies)
}

function isClosed(pathname: string): boolean {
  return pathname === '/dashboard' || pathname.startsWith('/dashboard/')
}

function askToSignIn(request: NextRequest, hasEnded: boolean): NextResponse {
  const { pathname, search } = request.nextUrl
  const query = new URLSearchParams({ from: pathname + search, ...(hasEnded && { ended: '1' }) })
  return NextResponse.redirect(siteUrl({ pathname: '/sign-in', query }, request))
}

function chooseLanguage(request: NextRequest, language: string): NextResponse {
  const { pathname, searchParams } = request.nextUrl
  const query = new URLSearchParams(searchParams)
  query.delete('lang')
  const response = NextResponse.redirect(siteUrl({ pathname, query }, request))
  response.cookies.set(languageCookie, language, { path: '/', sameSite: 'lax', maxAge: 365 * 86_400 })
  return response
}

function withCookies(response: NextResponse, cookies: readonly CookieToSet[]): NextResponse {
  for (const cookie of cookies) response.cookies.set(cookie)
  return response
}
