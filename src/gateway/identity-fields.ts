import { formatScope } from '../core/permissions.ts'
import type { Identity } from '../http/behind.ts'

/**
 * Who calls, for those behind us: always all fields, empty where there is nothing to say, so that an absent one cannot
 * be mistaken for a client's own.
 */
export function identityFields(caller: Identity | undefined, requestId: string) {
  return {
    'X-Auth-Subject': caller?.subject ?? '',
    'X-Auth-Client': caller?.clientId ?? '',
    'X-Auth-Key-Id': caller?.keyId ?? '',
    'X-Auth-Scope': caller === undefined ? '' : formatScope(caller.permissions),
    'X-Auth-Session': caller?.sessionId ?? '',
    'X-Request-Id': requestId,
  } as const
}

/** In lower case: what no client may say of itself, in any spelling. */
export const identityNames: ReadonlySet<string> = new Set(
  Object.keys(identityFields(undefined, '')).map((name) => name.toLowerCase()),
)
