import { fail, ok, type Result } from '../core/result.ts'
import type { Wire } from '../http/wire.ts'
import { fieldValue } from './hop-by-hop.ts'

/** A request target that means the same to us and to any upstream. */
export interface Target {
  /** As it was sent, below the upstream's own base path; begins with a slash. */
  readonly path: string
  /** With its question mark; empty when there is none. As it was sent. */
  readonly query: string
  /** Decoded, in lower case and without a slash at its end: what rules are matched with. */
  readonly matched: string
}

/** RFC 3986 §3.3 without `;`, which some servers cut off, and with what browsers leave unescaped. */
const PATH = /^(?:\/(?:[A-Za-z0-9._~!$&'()*+,=:@|[\]^-]|%[0-9A-Fa-f]{2})*)+$/
/** Any text without white space or control characters; what it means is the upstream's affair. */
const QUERY = /^(?:\?[\x21\x22\x24-\x7e\x80-\xff]*)?$/
/** What splits, ends or climbs a path on some server, bare or encoded. */
const ODD = /[\\;\p{Cc}]|%(?:2f|5c|3b|00)/iu
const DECODINGS_MAX = 4
/** RFC 3986 §3.2.2, with the port that may follow. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\])(?::\d{0,5})?$/i
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i

/**
 * Reads a request target, or says what is odd about it. What two parsers could read as two paths is refused, never
 * tidied: dot segments, empty segments, encoded slashes, backslashes and semicolons, however often they are encoded. So
 * the path that was judged is the path that is routed.
 */
export function parseTarget(text: string, host: string | undefined): Result<Target, string> {
  // What is no name of a host is none of any rule, and may yet be one to whoever looks less closely.
  if (host !== undefined && !HOST.test(host)) return fail('host')
  const [, authority, rest] = ABSOLUTE.exec(text) ?? []
  // RFC 9112 §3.2.2: the absolute form is taken, if it names no other host than the one that rules are judged by.
  if (authority !== undefined && authority.toLowerCase() !== host?.toLowerCase()) return fail('host')
  const target = authority === undefined ? text : rest === '' ? '/' : (rest as string)
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  if (!PATH.test(path)) return fail('characters')
  if (!QUERY.test(query)) return fail('query')
  if (path.includes('//')) return fail('empty segment')
  const decoded = decode(path)
  if (!decoded.ok) return decoded
  return ok({ path, query, matched: trimSlash(lowerCase(decoded.value)) })
}

/** Decoded once, and looked at in every further decoding that an upstream might do. */
function decode(path: string): Result<string, string> {
  const decoded = decodeOnce(path)
  if (decoded === undefined) return fail('encoding')
  let text = path
  for (let round = 0; round < DECODINGS_MAX; round++) {
    if (ODD.test(text)) return fail('odd characters')
    if (text.split('/').some((part) => part === '.' || part === '..')) return fail('dot segment')
    const next = decodeOnce(text)
    if (next === undefined) return fail('encoding')
    if (next === text) return ok(decoded)
    text = next
  }
  return fail('encoded too often')
}

/**
 * Undefined for what is not UTF-8. A percent sign of its own stays as it is, as lenient decoders have it: it must not end
 * the looking, with more behind it.
 */
function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodeURIComponent)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** Of ASCII alone: the sign of the Kelvin in lower case is a plain `k`, but on no server is it the same path. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** The path and query that the upstream gets: the prefix taken off segment by segment, however it was encoded. */
export function upstreamTarget(
  { path, query }: Target,
  { stripPrefix }: { readonly stripPrefix: string },
  { basePath }: { readonly basePath: string },
): string {
  const stripped = stripPrefix.split('/').length - 1
  const rest = path.split('/').slice(1 + stripped)
  return `${basePath}/${rest.join('/')}${query}`
}

/** The host that a client asked for: what the operator's own proxy says of it, else `Host`. */
export function hostOf({
  fields,
  peerIsTrusted,
}: Pick<Wire, 'fields' | 'peerIsTrusted'>): string | undefined {
  return (peerIsTrusted ? fieldValue(fields, 'x-forwarded-host') : undefined) ?? fieldValue(fields, 'host')
}
