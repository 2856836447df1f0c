import type { WellKnown } from '../../http/mount.ts'
import { grants } from './grants.ts'
import { offlineAccess } from './wishes.ts'

const authMethods = ['client_secret_basic', 'client_secret_post']

/** RFC 8414 §2. The endpoints lie below BASE_PATH; the issuer, and so this document, do not. */
export const metadata: WellKnown = ({ issuer }, baseUrl) => ({
  issuer,
  token_endpoint: `${baseUrl}/oauth2/token`,
  token_endpoint_auth_methods_supported: authMethods,
  grant_types_supported: Object.keys(grants),
  // There is no authorization endpoint.
  response_types_supported: [],
  scopes_supported: [offlineAccess],
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  introspection_endpoint: `${baseUrl}/oauth2/introspect`,
  introspection_endpoint_auth_methods_supported: [...authMethods, 'Bearer'],
  revocation_endpoint: `${baseUrl}/oauth2/revoke`,
  revocation_endpoint_auth_methods_supported: authMethods,
  service_documentation: `${baseUrl}/docs`,
})
