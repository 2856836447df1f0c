import type { Endpoint } from '../../http/mount.ts'
import {
  listUserFactorsEndpoint,
  removeUserFactorEndpoint,
  renameUserFactorEndpoint,
} from './admin-factors.ts'
import { oauthClientEndpoints } from './admin-oauth.ts'
import { changeUserEndpoint, deleteUserEndpoint, showUserEndpoint } from './admin-user.ts'
import { createUserEndpoint, listUsersEndpoint } from './admin-users.ts'
import { generateLinkEndpoint } from './generate-link.ts'
import { inviteEndpoint } from './invite.ts'

/** What is for the operator's own programs alone. */
export const adminEndpoints: readonly Endpoint[] = [
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
]
