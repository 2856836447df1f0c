import { isPermission } from '../core/permissions.ts'

/** What a call needs beside a good token: all of these permissions. `orders:*` and `*` cover `orders:read`. */
export interface Needs {
  readonly permissions?: readonly string[] | undefined
}

/** The permissions that are needed; throws on one that is misspelt, since no token could ever carry it. */
export function neededPermissions({ permissions = [] }: Needs): readonly string[] {
  const misspelt = permissions.find((permission) => !isPermission(permission))
  if (misspelt !== undefined) throw new TypeError(`"${misspelt}" is not a permission.`)
  return permissions
}
