import type { Mount } from '../../http/mount.ts'
import { introspectEndpoint } from './introspect.ts'
import { metadata } from './metadata.ts'
import { refuse } from './refuse.ts'
import { revokeEndpoint } from './revoke.ts'
import { tokenEndpoint } from './token.ts'

/** The OAuth 2.0 face: forms in, JSON out, errors as RFC 6749 §5.2 has them. */
export const oauth2: Mount = {
  basePath: '/oauth2',
  refuse,
  endpoints: [tokenEndpoint, introspectEndpoint, revokeEndpoint],
  wellKnown: { 'oauth-authorization-server': metadata },
}
