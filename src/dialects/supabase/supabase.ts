import type { Mount } from '../../http/mount.ts'
import {
  listUserFactorsEndpoint,
  removeUserFactorEndpoint,
  renameUserFactorEndpoint,
} from './admin-factors.ts'
import { oauthClientEndpoints } from './admin-oauth.ts'
import { changeUserEndpoint, deleteUserEndpoint, showUserEndpoint } from './admin-user.ts'
import { createUserEndpoint, listUsersEndpoint } from './admin-users.ts'
import { generateLinkEndpoint } from './generate-link.ts'
import { healthEndpoint } from './health.ts'
import { inviteEndpoint } from './invite.ts'
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
    listUsersEndpoint,
    createUserEndpoint,
    showUserEndpoint,
    changeUserEndpoint,
    deleteUserEndpoint,
    listUserFactorsEndpoint,
    renameUserFactorEndpoint,
    removeUserFactorEndpoint,
    inviteEndpoint,
    generateLinkEndpoint,
    ...oauthClientEndpoints,
  ],
}
