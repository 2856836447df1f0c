import type { Mount } from '../../http/mount.ts'
import { refuse } from './refuse.ts'
import { registerEndpoint } from './register.ts'
import { meEndpoint, refreshEndpoint, signOutEndpoint } from './session.ts'
import { signInEndpoint } from './sign-in.ts'

/** The MyTone face: people alone, on the wire of a FastAPI back end that a site signs in through. */
export const mytone: Mount = {
  basePath: '/auth',
  refuse,
  endpoints: [registerEndpoint, signInEndpoint, meEndpoint, refreshEndpoint, signOutEndpoint],
}
