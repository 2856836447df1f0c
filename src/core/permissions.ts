const SEGMENT = '[a-z0-9][a-z0-9_.-]*'
const PERMISSION = new RegExp(`^(?:\\*|${SEGMENT}(?::${SEGMENT})*(?::\\*)?)$`)

/** The longest permission text that is accepted, in characters. */
export const permissionMaxLength = 100

/** Says whether `text` is a permission: `orders:read`, `orders:*` or `*`, in lower case, a scope-token of RFC 6749 §3.3. */
export function isPermission(text: string): boolean {
  return text.length <= permissionMaxLength && PERMISSION.test(text)
}

/** Says whether a holder of `held` may do `needed`. `*` covers all; `orders:*` covers `orders:read`, `orders:read:own` and itself. */
export function covers(held: readonly string[], needed: string): boolean {
  return held.some((permission) => {
    if (permission === '*' || permission === needed) return true
    return permission.endsWith(':*') && needed.startsWith(permission.slice(0, -1))
  })
}

/** Lists those of `wanted` that `held` does not cover: empty when `wanted` is a subset. */
export function uncovered(held: readonly string[], wanted: readonly string[]): readonly string[] {
  return wanted.filter((permission) => !covers(held, permission))
}

/** Narrows `wanted` to what both it and `held` allow: the meeting of a key's permissions with its client's of today. */
export function intersect(held: readonly string[], wanted: readonly string[]): readonly string[] {
  const allowed = wanted.filter((permission) => covers(held, permission))
  const narrower = held.filter((permission) => covers(wanted, permission) && !allowed.includes(permission))
  return [...allowed, ...narrower]
}

/** Spells permissions as a `scope` claim (RFC 9068 §2.2.3, RFC 8693 §4.2). */
export function formatScope(permissions: readonly string[]): string {
  return permissions.join(' ')
}

/** Reads a `scope` claim; what is not a permission is dropped, since it can grant nothing. */
export function parseScope(scope: string): readonly string[] {
  return scope.split(' ').filter(isPermission)
}
