import { appMetadataOf } from '../accounts/app-metadata.ts'
import type { User } from '../accounts/user.ts'
import type { FaceClaims } from './access-claims.ts'
import type { PersonSession } from './session.ts'
import { supabaseMethods } from './supabase-methods.ts'

/** The most JSON of metadata that travels in a token, in bytes: a token must fit a header, and our own measure. */
const METADATA_MAX_BYTES = 4096
const bytes = new TextEncoder()

/** What a token says for the face that opened its session; undefined where that reads tokens of ours. */
export function faceClaimsOf(
  session: Pick<PersonSession, 'face' | 'aal' | 'amr' | 'permissions' | 'createdAt' | 'authenticatedAt'>,
  user: User,
): FaceClaims | undefined {
  if (session.face !== 'supabase') return undefined
  return {
    kind: 'supabase',
    role: user.claimRole,
    email: user.email ?? '',
    phone: user.signInPhone ?? '',
    ...metadataOf(user),
    isAnonymous: user.isAnonymous,
    // As it is opened where a factor counts.
    secondFactorDue: session.aal < 2 && session.permissions?.length === 0,
    methods: supabaseMethods(session),
  }
}

/** What does not fit is left out as a whole, the user's own first: half of it would be read as all of it. */
function metadataOf(user: User): Pick<FaceClaims, 'appMetadata' | 'userMetadata'> {
  const appMetadata = appMetadataOf(user)
  const room = METADATA_MAX_BYTES - sizeOf(appMetadata)
  if (room < 0) return { appMetadata: {}, userMetadata: {} }
  return { appMetadata, userMetadata: sizeOf(user.metadata) <= room ? user.metadata : {} }
}

function sizeOf(value: object): number {
  return bytes.encode(JSON.stringify(value)).byteLength
}
