import type { Failure } from '../../core/failure.ts'
import { isPermission } from '../../core/permissions.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import type { Narrowing } from '../../core/tokens/narrowing.ts'
import type { Form } from '../../http/form.ts'

/** The scope that asks for a refresh token, as OpenID Connect has it (Core 1.0 §11). It is no permission. */
export const offlineAccess = 'offline_access'

/** RFC 8707 lets `resource` be repeated, RFC 8693 both. */
export const repeatable = ['resource', 'audience'] as const

/** The narrower token that a request asks for, and whether it asks for a refresh token. */
export interface Wishes {
  readonly narrowing: Narrowing
  readonly offline: boolean
}

/** Reads `scope` (RFC 6749 §3.3), `resource` (RFC 8707 §2) and `audience` (RFC 8693 §2.1). */
export function readWishes(form: Form): Result<Wishes, Failure> {
  const scope = form.one('scope')?.split(' ') ?? []
  const permissions = [...new Set(scope)].filter((token) => token !== offlineAccess)
  // What is no permission is none that anybody holds.
  if (!permissions.every(isPermission)) return fail({ reason: 'permissions_not_held', permissions: [] })
  const audiences = [...new Set(repeatable.flatMap((name) => form.all(name)))]
  return ok({
    offline: scope.includes(offlineAccess),
    narrowing: {
      permissions: permissions.length > 0 ? permissions : undefined,
      audiences: audiences.length > 0 ? audiences : undefined,
      accessTtlSeconds: undefined,
    },
  })
}
