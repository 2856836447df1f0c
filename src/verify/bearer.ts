const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const BEARER_SCHEME = /^bearer(?: |$)/i

/**
 * Reads the one token68 of an `Authorization` header (RFC 6750 §2.1): undefined without a Bearer credential, null when it
 * is malformed. Headers that were joined hold a comma, which no token68 does.
 */
export function parseBearer(authorization: string | null | undefined): string | undefined | null {
  if (authorization == null || !BEARER_SCHEME.test(authorization)) return undefined
  return BEARER.exec(authorization)?.[1] ?? null
}

/** What is read of a request of node:http. */
export interface NodeRequest {
  readonly headers: { readonly authorization?: string | undefined }
  readonly headersDistinct?: Readonly<Record<string, readonly string[] | undefined>> | undefined
}

/** The `Authorization` of a Node request. Of two, Node keeps the first in `headers`; here both are seen, and refused. */
export function authorizationOf({ headers, headersDistinct }: NodeRequest): string | undefined {
  const all = headersDistinct?.['authorization']
  return all !== undefined && all.length > 1 ? all.join(', ') : headers.authorization
}
