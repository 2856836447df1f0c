import type { SupabasePolicy } from '../policy.ts'

/**
 * Where a browser may be sent after a link: to the site's own origin, to this very machine, or to what the operator
 * lists; else to the site. A wish that is nothing of it is not refused, as clients of this face expect.
 */
export function allowedRedirect(
  { siteUrl, redirectUrls }: Pick<SupabasePolicy, 'siteUrl' | 'redirectUrls'>,
  wanted: string | undefined,
): string {
  if (wanted === undefined || wanted === '' || wanted.length > ADDRESS_MAX_LENGTH) return siteUrl
  // What a browser would read as something else than it looks: it leaves tabs out, and takes a backslash for a slash.
  if (/[\p{C}\s\\]/u.test(wanted)) return siteUrl
  const url = URL.parse(wanted)
  if (url === null || url.username !== '' || url.password !== '') return siteUrl
  if (isWeb(url) && (isOfSite(url, siteUrl) || isLoopback(url.hostname))) return wanted
  if (!isHostAsWritten(url, wanted)) return siteUrl
  return redirectUrls.some((pattern) => matchesGlob(pattern, wanted)) ? wanted : siteUrl
}

const ADDRESS_MAX_LENGTH = 2048

function isWeb({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

/** The port counts, but for a site on a developer's machine. */
function isOfSite(url: URL, siteUrl: string): boolean {
  const site = URL.parse(siteUrl)
  if (site === null || url.protocol !== site.protocol || url.hostname !== site.hostname) return false
  return url.port === site.port || site.hostname === 'localhost'
}

function isLoopback(hostname: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]'
}

/**
 * Whether the browser reads as many names in the host as there stand: it takes `%2E` and `。` for a dot, which a `*` would not
 * let pass, and a number for four.
 */
function isHostAsWritten({ hostname }: URL, wanted: string): boolean {
  const [, written = ''] = /^[^/?#]*:\/\/([^/?#]*)/.exec(wanted) ?? []
  return written.split('.').length === hostname.split('.').length
}

/** `*` is anything but `.` and `/`, `**` anything at all, `?` one character but those. All else is itself. */
function matchesGlob(pattern: string, address: string): boolean {
  // A fragment is the browser's own, and ours is written over it.
  const [bare = ''] = address.split('#')
  // The host by itself too: in https://134744072?.app.example the pattern's ends a query, and the browser goes elsewhere.
  const host = patternOf(/^[^/]*:\/\/([^/]*)/.exec(pattern)?.[1] ?? '')
  return patternOf(pattern).test(bare) && host.test(/^[^/?]*:\/\/([^/?]*)/.exec(bare)?.[1] ?? '')
}

function patternOf(glob: string): RegExp {
  const source = glob.replace(/\*\*|[*?]|[.+^${}()|[\]\\/-]/g, (found) => wildcards[found] ?? `\\${found}`)
  return new RegExp(`^${source}$`, 'u')
}

const wildcards: Readonly<Record<string, string>> = { '**': '.*', '*': '[^./]*', '?': '[^./]' }
