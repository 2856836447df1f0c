import type { Mount } from '../../http/mount.ts'
import { accountPages } from '../../pages/account-pages.ts'
import { listAuditEndpoint, verifyAuditEndpoint } from './audit.ts'
import { createClientEndpoint, cutOffClientEndpoint, listClientsEndpoint } from './clients.ts'
import {
  askEmailChangeEndpoint,
  confirmEmailChangeEndpoint,
  undoEmailChangeEndpoint,
} from './email-change.ts'
import { explainEndpoint } from './explain.ts'
import {
  activateFactorEndpoint,
  enrolAppEndpoint,
  enrolMailedCodesEndpoint,
  listFactorsEndpoint,
  removeFactorEndpoint,
  renewRecoveryCodesEndpoint,
  sendFactorCodeEndpoint,
} from './factors.ts'
import { acceptInvitationEndpoint, inviteUserEndpoint } from './invitations.ts'
import {
  deleteKeyEndpoint,
  disableKeyEndpoint,
  enableKeyEndpoint,
  getKeyEndpoint,
  retireKeyEndpoint,
  revokeKeyEndpoint,
  updateKeyEndpoint,
} from './key-life.ts'
import { issueKeyEndpoint, listKeysEndpoint, rotateKeyEndpoint } from './keys.ts'
import { reportLeaksEndpoint } from './leaks.ts'
import { meEndpoint } from './me.ts'
import { deleteAccountEndpoint, exportPersonalDataEndpoint, updateProfileEndpoint } from './own-account.ts'
import { issueOwnKeyEndpoint, listOwnKeysEndpoint, revokeOwnKeyEndpoint } from './own-keys.ts'
import { endOwnSessionEndpoint, listOwnSessionsEndpoint, listOwnSignInsEndpoint } from './own-sessions.ts'
import { changePasswordEndpoint, forgotPasswordEndpoint, resetPasswordEndpoint } from './password.ts'
import { refuse } from './refuse.ts'
import { confirmEmailEndpoint, registerEndpoint, resendConfirmationEndpoint } from './register.ts'
import {
  createRoleEndpoint,
  deleteRoleEndpoint,
  getRoleEndpoint,
  listRolesEndpoint,
  updateRoleEndpoint,
} from './roles.ts'
import { endSessionEndpoint, endTokenEndpoint, listSessionsEndpoint } from './sessions.ts'
import { refreshPersonEndpoint, signInEndpoint, signOutEndpoint } from './sign-in.ts'
import { completeSignInEndpoint, mailSignInCodeEndpoint } from './sign-in-codes.ts'
import {
  importSigningKeyEndpoint,
  listSigningKeysEndpoint,
  retireSigningKeyEndpoint,
  rotateSigningKeysEndpoint,
} from './signing-keys.ts'
import { exchangeEndpoint, refreshEndpoint } from './tokens.ts'
import { endUserSessionsEndpoint, listUserSessionsEndpoint, listUserSignInsEndpoint } from './user-history.ts'
import {
  addUserEndpoint,
  clearUserFactorsEndpoint,
  deleteUserEndpoint,
  getUserEndpoint,
  listUsersEndpoint,
  updateUserEndpoint,
  userActionEndpoints,
} from './users.ts'

/** The native face: machines and people, in the `{data, meta}` envelope. */
export const native: Mount = {
  basePath: '/api/v1',
  refuse,
  pages: accountPages,
  endpoints: [
    exchangeEndpoint,
    refreshEndpoint,
    registerEndpoint,
    confirmEmailEndpoint,
    resendConfirmationEndpoint,
    signInEndpoint,
    mailSignInCodeEndpoint,
    completeSignInEndpoint,
    refreshPersonEndpoint,
    signOutEndpoint,
    acceptInvitationEndpoint,
    meEndpoint,
    listFactorsEndpoint,
    enrolAppEndpoint,
    enrolMailedCodesEndpoint,
    sendFactorCodeEndpoint,
    activateFactorEndpoint,
    removeFactorEndpoint,
    renewRecoveryCodesEndpoint,
    listRolesEndpoint,
    createRoleEndpoint,
    getRoleEndpoint,
    updateRoleEndpoint,
    deleteRoleEndpoint,
    listUsersEndpoint,
    addUserEndpoint,
    inviteUserEndpoint,
    getUserEndpoint,
    updateUserEndpoint,
    ...userActionEndpoints,
    deleteUserEndpoint,
    clearUserFactorsEndpoint,
    listUserSessionsEndpoint,
    endUserSessionsEndpoint,
    listUserSignInsEndpoint,
    listOwnKeysEndpoint,
    issueOwnKeyEndpoint,
    revokeOwnKeyEndpoint,
    forgotPasswordEndpoint,
    resetPasswordEndpoint,
    confirmEmailChangeEndpoint,
    undoEmailChangeEndpoint,
    updateProfileEndpoint,
    deleteAccountEndpoint,
    exportPersonalDataEndpoint,
    changePasswordEndpoint,
    askEmailChangeEndpoint,
    listOwnSessionsEndpoint,
    endOwnSessionEndpoint,
    listOwnSignInsEndpoint,
    listClientsEndpoint,
    createClientEndpoint,
    cutOffClientEndpoint,
    issueKeyEndpoint,
    listKeysEndpoint,
    getKeyEndpoint,
    updateKeyEndpoint,
    rotateKeyEndpoint,
    retireKeyEndpoint,
    disableKeyEndpoint,
    enableKeyEndpoint,
    revokeKeyEndpoint,
    deleteKeyEndpoint,
    reportLeaksEndpoint,
    explainEndpoint,
    listSessionsEndpoint,
    endSessionEndpoint,
    endTokenEndpoint,
    listAuditEndpoint,
    verifyAuditEndpoint,
    listSigningKeysEndpoint,
    importSigningKeyEndpoint,
    rotateSigningKeysEndpoint,
    retireSigningKeyEndpoint,
  ],
}
