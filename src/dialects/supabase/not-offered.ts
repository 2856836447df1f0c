import { z } from '@hono/zod-openapi'
import type { Endpoint, Method } from '../../http/mount.ts'
import { type Denial, deny } from './deny.ts'

const off = (code: Denial['code'], message: string): Denial => ({ status: 404, code, message })
const noSaml = off('saml_provider_disabled', 'SAML 2.0 is disabled')
const noLinking = off('manual_linking_disabled', 'Manual linking is disabled')
const noPasskeys = off('passkey_disabled', 'Passkeys are disabled')
const noOAuthServer = off('feature_disabled', 'OAuth 2.1 server is disabled: there is one at /oauth2')

/** What the clients of this face can ask for and is not here: each is told so in the words that they know. */
const table: readonly (readonly [Method, string, string, Denial])[] = [
  ['post', '/sso', 'Sign in by SAML', noSaml],
  [
    'get',
    '/authorize',
    'Sign in by another provider',
    {
      status: 400,
      code: 'validation_failed',
      message: 'Unsupported provider: provider is not enabled',
    },
  ],
  ['get', '/user/identities/authorize', 'Link an identity', noLinking],
  ['delete', '/user/identities/{id}', 'Unlink an identity', noLinking],
  ['get', '/passkeys', 'List passkeys', noPasskeys],
  ['post', '/passkeys/registration/options', 'Begin with a passkey', noPasskeys],
  ['post', '/passkeys/registration/verify', 'Register a passkey', noPasskeys],
  ['post', '/passkeys/authentication/options', 'Begin to sign in by a passkey', noPasskeys],
  ['post', '/passkeys/authentication/verify', 'Sign in by a passkey', noPasskeys],
  ['patch', '/passkeys/{id}', 'Rename a passkey', noPasskeys],
  ['delete', '/passkeys/{id}', 'Remove a passkey', noPasskeys],
  ['get', '/oauth/authorize', 'Ask for consent', noOAuthServer],
  ['post', '/oauth/token', 'Get a token', noOAuthServer],
  ['post', '/oauth/clients/register', 'Register a client', noOAuthServer],
  ['get', '/oauth/authorizations/{id}', 'Show what is asked for', noOAuthServer],
  ['post', '/oauth/authorizations/{id}/consent', 'Consent', noOAuthServer],
  ['get', '/user/oauth/grants', 'List consents', noOAuthServer],
  ['delete', '/user/oauth/grants', 'Withdraw a consent', noOAuthServer],
]

export const notOfferedEndpoints: readonly Endpoint[] = table.map(([method, path, summary, denial]) => ({
  method,
  path,
  permission: undefined,
  isEnrolment: true,
  description: {
    tags: ['Supabase Auth'],
    summary,
    description: 'Not offered.',
    request: path.includes('{id}') ? { params: z.object({ id: z.string() }) } : {},
    responses: { [denial.status]: { description: denial.message } },
  },
  handle: async (c) => deny(c, denial),
}))
