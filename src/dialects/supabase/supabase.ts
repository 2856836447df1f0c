import type { Mount } from '../../http/mount.ts'
import { adminEndpoints } from './admin.ts'
import {
  challengeFactorEndpoint,
  dropFactorEndpoint,
  enrolFactorEndpoint,
  verifyFactorEndpoint,
} from './factors.ts'
import { healthEndpoint } from './health.ts'
import { keySetEndpoint } from './key-set.ts'
import { logoutEndpoint } from './logout.ts'
import { notOfferedEndpoints } from './not-offered.ts'
import { magicLinkEndpoint, otpEndpoint } from './otp.ts'
import { reauthenticateEndpoint } from './reauthenticate.ts'
import { recoverEndpoint } from './recover.ts'
import { refuse } from './refuse.ts'
import { resendEndpoint } from './resend.ts'
import { settingsEndpoint } from './settings.ts'
import { signUpEndpoint } from './sign-up.ts'
import { tokenEndpoint } from './token.ts'
import { updateUserEndpoint } from './update-user.ts'
import { getUserEndpoint } from './user.ts'
import { verifyEndpoint } from './verify.ts'
import { verifyLinkEndpoint } from './verify-link.ts'

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
    updateUserEndpoint,
    logoutEndpoint,
    enrolFactorEndpoint,
    challengeFactorEndpoint,
    verifyFactorEndpoint,
    dropFactorEndpoint,
    ...notOfferedEndpoints,
    signUpEndpoint,
    recoverEndpoint,
    otpEndpoint,
    magicLinkEndpoint,
    verifyLinkEndpoint,
    verifyEndpoint,
    resendEndpoint,
    reauthenticateEndpoint,
    ...adminEndpoints,
  ],
}
