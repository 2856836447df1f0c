import { formatScope } from '../core/permissions.ts'
import type { Identity } from '../http/behind.ts'

const names = ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Key-Id', 'X-Auth-Scope', 'X-Auth-Session'] as const

/** In lower case: what no client may say of itself, in any spelling. */
export const identityNames: ReadonlySet<string> = new Set(
  [...names, 'X-Request-Id'].map((name) => name.toLowerCase()),
)

/**
 * Who calls, for those behind us: always all fields, empty where there is nothing to say, so that an absent one cannot
 * be mistaken for a client's own.
 */
export function identityFields(
  caller: Identity | undefined,
  requestId: string,
): readonly (readonly [string, string])[] {
  const said = [
    caller?.subject ?? '',
    caller?.clientId ?? '',
    caller?.keyId ?? '',
    formatScope(caller?.permissions ?? []),
    caller?.sessionId ?? '',
  ]
  return [...names.map((name, index) => [name, said[index] ?? ''] as const), ['X-Request-Id', requestId]]
}
