import type { Policy } from '../policy.ts'

/** What a caller of the Supabase face needs who is one of the operator's own programs. */
export const servicePermission = 'supabase:service_role'
/** What a key is that names an application of that face, and says nothing of who uses it. */
export const anonPermission = 'supabase:anon'

/**
 * The prefix of a new key: keys that are made for the Supabase face look as its tools know them, so that these tell a
 * secret from what may be published.
 */
export function keyPrefixOf(
  { keyPrefix }: Pick<Policy, 'keyPrefix'>,
  permissions: readonly string[],
): string {
  if (permissions.includes(servicePermission)) return 'sb_secret'
  return permissions.includes(anonPermission) ? 'sb_publishable' : keyPrefix
}
