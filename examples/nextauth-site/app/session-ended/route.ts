import { type NextRequest, NextResponse } from 'next/server'
import { whoIs } from '@/lib/guichet'
import { forgetSession, readSession } from '@/lib/session-cookie'
import { siteUrl } from '@/lib/site-url'

/**
 * Where a page sends somebody whose session Guichet no longer knows: a page cannot remove a cookie, this can. It asks once
 * more, so that a link to here signs nobody out who is still signed in.
 */
export async function GET(request: NextRequest): Promise<NextResponse> {
  const cookies = request.cookies.getAll()
  const session = await readSession(cookies)
  const user = session && (await whoIs(session.accessToken))
  const isOver = user === undefined || (!user.ok && user.problem.kind !== 'unreachable')
  const response = NextResponse.redirect(
    isOver
      ? siteUrl({ pathname: '/sign-in', query: new URLSearchParams({ ended: '1' }) }, request)
      : siteUrl({ pathname: '/dashboard' }, request),
  )
  if (isOver) for (const cookie of forgetSession(cookies)) response.cookies.set(cookie)
  return response
}
