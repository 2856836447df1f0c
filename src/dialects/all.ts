import type { Mount } from '../http/mount.ts'
import { native } from './native/native.ts'
import { oauth2 } from './oauth2/oauth2.ts'
import { supabase } from './supabase/supabase.ts'

export type FaceName = 'native' | 'oauth2' | 'supabase' | 'mytone'

const table: Readonly<Partial<Record<FaceName, Mount>>> = { native, oauth2, supabase }

/** The faces of these names. The first spells the errors of paths that belong to none. */
export function facesOf(names: readonly [FaceName, ...FaceName[]]): readonly [Mount, ...Mount[]] {
  const [first, ...others] = names.flatMap((name) => table[name] ?? [])
  if (first === undefined) throw new Error('There is no such face.')
  return [first, ...others]
}

/** Every face. */
export const faces = facesOf(['native', 'oauth2', 'supabase', 'mytone'])
