import type { NextRequest } from 'next/server'

/** A place of this site as people reach it: behind a proxy the request itself names another host. */
export function siteUrl(
  place: { readonly pathname: string; readonly query?: URLSearchParams },
  request: NextRequest,
): URL {
  const url = new URL(process.env.NEXTAUTH_URL ?? request.url)
  // Assigned, not resolved: new URL('//evil.test', base) would leave the site.
  url.pathname = place.pathname
  url.search = place.query?.toString() ?? ''
  return url
}

/** Where somebody is sent after signing in: a path of this site, whatever the address bar says. */
export function pathOfThisSite(text: string | undefined): string {
  const isPath = text?.startsWith('/') && !/^\/[\\/]/.test(text) && !/[\\\p{C}]/u.test(text)
  return isPath ? (text as string) : '/dashboard'
}
