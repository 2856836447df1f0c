/** `WWW-Authenticate` of a 401 that no credential came with: no error code (RFC 6750 §3.1). */
export const bareChallenge = 'Bearer realm="guichet"'

/** `WWW-Authenticate` of a credential that was looked at and found wanting (RFC 6750 §3). */
export function challenge(
  error: 'invalid_token' | 'insufficient_scope',
  parameters: Record<string, string> = {},
): string {
  const all = { error, ...parameters }
  // Values are texts of our own; permissions hold no quote and no backslash.
  return [bareChallenge, ...Object.entries(all).map(([name, value]) => `${name}="${value}"`)].join(', ')
}
