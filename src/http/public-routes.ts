/**
 * The routes that answer without an access token. All others are closed: a new route is, until it stands here.
 * Faces' paths are written without the operator's BASE_PATH, and all paths without a trailing slash.
 */
export const publicRoutes: readonly string[] = [
  'GET /health/live',
  'GET /health/ready',
  'GET /.well-known/jwks.json',
  'GET /.well-known/oauth-authorization-server',
  'GET /openapi.json',
  'GET /docs',
  // What mails link to, and what these pages load. They hold nothing: the token of a link never comes to a server here.
  'GET /account/confirm',
  'GET /account/reset',
  'GET /account/email',
  'GET /account/undo-email',
  'GET /account/invite',
  'GET /account/page.js',
  'GET /account/page.css',
  // They bring their own credential: an API key, a refresh token.
  'POST /api/v1/auth/token',
  'POST /api/v1/auth/token/refresh',
  // What people have before they have a token: a password, a refresh token, a link from a mail.
  'POST /api/v1/auth/register',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/login/email-code',
  'POST /api/v1/auth/login/second-factor',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/email/confirm',
  'POST /api/v1/auth/email/resend',
  'POST /api/v1/auth/invite/accept',
  'POST /api/v1/auth/email/change/confirm',
  'POST /api/v1/auth/email/change/undo',
  'POST /api/v1/auth/password/forgot',
  'POST /api/v1/auth/password/reset',
  // What clients of the Supabase face have before they have a token: nothing, a password, a refresh token.
  'GET /auth/v1/settings',
  'GET /auth/v1/health',
  'GET /auth/v1/.well-known/jwks.json',
  'POST /auth/v1/token',
  // They do nothing but say that there is no such way in: nobody has a token on the way to one.
  'POST /auth/v1/sso',
  'GET /auth/v1/authorize',
  'POST /auth/v1/passkeys/authentication/options',
  'POST /auth/v1/passkeys/authentication/verify',
  'GET /auth/v1/oauth/authorize',
  'POST /auth/v1/oauth/token',
  'POST /auth/v1/oauth/clients/register',
  // What people have before they have a token: an address, a link or a code that was sent to it.
  'POST /auth/v1/signup',
  'POST /auth/v1/recover',
  'POST /auth/v1/otp',
  'POST /auth/v1/magiclink',
  'POST /auth/v1/resend',
  'POST /auth/v1/verify',
  'GET /auth/v1/verify',
  // The operator's own programs: they bring an API key, or a key of a former installation, and are judged by their route.
  'GET /auth/v1/admin/users',
  'POST /auth/v1/admin/users',
  'GET /auth/v1/admin/users/:id',
  'PUT /auth/v1/admin/users/:id',
  'DELETE /auth/v1/admin/users/:id',
  'GET /auth/v1/admin/users/:id/factors',
  'PUT /auth/v1/admin/users/:id/factors/:factor_id',
  'DELETE /auth/v1/admin/users/:id/factors/:factor_id',
  'POST /auth/v1/invite',
  'POST /auth/v1/admin/generate_link',
  'GET /auth/v1/admin/oauth/clients',
  'POST /auth/v1/admin/oauth/clients',
  'GET /auth/v1/admin/oauth/clients/:id',
  'PUT /auth/v1/admin/oauth/clients/:id',
  'DELETE /auth/v1/admin/oauth/clients/:id',
  'POST /auth/v1/admin/oauth/clients/:id/regenerate_secret',
  // What people have before they have a token, at the MyTone face.
  'POST /auth/register',
  'POST /auth/login',
  'POST /auth/refresh',
  // The client's API key, as its client secret.
  'POST /oauth2/token',
  'POST /oauth2/introspect',
  'POST /oauth2/revoke',
  // By possession of the key itself; without it the route asks for a token as every other does.
  'POST /api/v1/keys/:id/revoke',
  // By possession as well: whoever found a key may have it killed.
  'POST /api/v1/leaks',
  // What another proxy asks about a call, with the credential of that call.
  'ALL /authz/forward-auth',
  'ALL /authz/auth-request',
  'ALL /authz/ext-authz/*',
]
