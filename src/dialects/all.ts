import type { Mount } from '../http/mount.ts'
import { mytone } from './mytone/mytone.ts'
import { native } from './native/native.ts'
import { oauth2 } from './oauth2/oauth2.ts'
import { supabase } from './supabase/supabase.ts'

const table = { native, oauth2, supabase, mytone } as const satisfies Record<string, Mount>

export type FaceName = keyof typeof table

/** The faces of these names. The first spells the errors of paths that belong to none. */
export function facesOf(names: readonly [FaceName, ...FaceName[]]): readonly [Mount, ...Mount[]] {
  const [first, ...others] = names
  return [table[first], ...others.map((name) => table[name])]
}

/** Every face. */
export const faces = facesOf(['native', 'oauth2', 'supabase', 'mytone'])
