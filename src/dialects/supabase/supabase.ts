import type { Mount } from '../../http/mount.ts'
import { healthEndpoint } from './health.ts'
import { keySetEndpoint } from './key-set.ts'
import { logoutEndpoint } from './logout.ts'
import { refuse } from './refuse.ts'
import { settingsEndpoint } from './settings.ts'
import { tokenEndpoint } from './token.ts'
import { getUserEndpoint } from './user.ts'

/** The Supabase face: the wire of Supabase Auth, so that its clients work unchanged. */
export const supabase: Mount = {
  basePath: '/auth/v1',
  refuse,
  // Its callers are browsers of any application, with a token in a header and never a cookie.
  anyOriginReads: ['X-Total-Count', 'Link', 'X-Supabase-Api-Version', 'X-Sb-Error-Code', 'Retry-After'],
  endpoints: [
    settingsEndpoint,
    healthEndpoint,
    keySetEndpoint,
    tokenEndpoint,
    getUserEndpoint,
    logoutEndpoint,
  ],
}
