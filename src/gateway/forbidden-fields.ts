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
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
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

/** One spelling of a field name: some servers read `X_Auth.Subject` as `X-Auth-Subject` (RFC 3875 §4.1.18). */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9-]/g, '-')
}

/** Says whether a field is the gateway's alone, or the framing's: no rule may set it. */
export function isForbiddenField(name: string): boolean {
  const plain = plainName(name)
  if (hopByHopNames.has(plain) || originNames.has(plain) || identityNames.has(plain)) return true
  return plain === 'content-length' || plain === 'host' || plain === 'via' || plain.startsWith('x-forwarded-')
}
