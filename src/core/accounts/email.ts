const ADDRESS_MAX_LENGTH = 254
const LOCAL_MAX_LENGTH = 64
// Atoms of RFC 5322 with the letters of RFC 6531, dots between them. No quotes, no comments, no spaces.
const LOCAL = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/
/** What a URL parser would take for something else than a host. */
const NO_HOST = /[\p{C}\p{Z}%/?#\\:@[\]<>^|]/u
const bytes = new TextEncoder()

/**
 * Reads an e-mail address in its one normal form, in which it is kept and compared: NFKC, lower case, its domain in
 * ASCII (RFC 5891). Undefined for what is no address, or becomes one only when it is normalised: a look-alike of `@`.
 */
export function parseEmail(text: string): string | undefined {
  if (text.length > 4 * ADDRESS_MAX_LENGTH || !text.isWellFormed()) return undefined
  const normal = text.normalize('NFKC').toLowerCase().normalize('NFKC')
  if (text.split('@').length !== 2) return undefined
  const [local = '', domain = '', ...more] = normal.split('@')
  if (more.length > 0 || !LOCAL.test(local) || bytes.encode(local).length > LOCAL_MAX_LENGTH) return undefined
  const host = asciiHost(domain)
  if (host === undefined) return undefined
  const email = `${local}@${host}`
  return bytes.encode(email).length <= ADDRESS_MAX_LENGTH ? email : undefined
}

function asciiHost(domain: string): string | undefined {
  if (domain === '' || NO_HOST.test(domain)) return undefined
  const host = URL.parse(`http://${domain}`)?.hostname
  return host !== undefined && HOST.test(host) ? host : undefined
}
