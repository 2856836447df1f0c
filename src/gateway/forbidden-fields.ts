import { identityNames } from './identity-fields.ts'

/** The fields that frame a message or belong to one hop (RFC 9110 §7.6.1, RFC 9113 §8.2.2). */
export const hopByHopNames: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** The fields that say where a call came from or what it really is: ours to write, or nobody's. */
export const originNames: ReadonlySet<string> = new Set([
  'forwarded',
  'forwarded-for',
  'x-forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'x-host',
  // Those of networks that stand in front, whose word counts when TRUSTED_PROXIES says so, and in the one spelling.
  'true-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'x-azure-clientip',
  'x-appengine-user-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-original-url',
  'x-original-uri',
  'x-original-method',
  'x-original-host',
  'x-rewrite-url',
  // The method that is judged is the method that is done.
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/**
 * One spelling of a field name: `X_Auth_Subject` is `X-Auth-Subject` to whatever speaks CGI (RFC 3875 §4.1.18), and so is
 * `X.Auth.Subject` to some of them.
 */
export function plainName(name: string): string {
  const lowerName = name.toLowerCase()
  return ALIAS.test(lowerName) ? lowerName.replace(/[^a-z0-9]/g, '-') : lowerName
}

const ALIAS = /[^a-z0-9-]/

/** Says whether a field is the gateway's alone, or the framing's: no rule may set it. */
export function isForbiddenField(name: string): boolean {
  const plain = plainName(name)
  if (hopByHopNames.has(plain) || originNames.has(plain) || identityNames.has(plain)) return true
  if (plain === 'content-length' || plain === 'host' || plain === 'via') return true
  return plain.startsWith('x-forwarded-') || plain.startsWith('sec-websocket-')
}
