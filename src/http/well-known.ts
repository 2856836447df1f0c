import type { Hono } from 'hono'
import type { GatewayEnv } from './gateway-env.ts'
import type { Mount } from './mount.ts'

/** Well below the time that a new signing key is published before it signs, so that no verifier's copy is too old. */
const KEY_SET_MAX_AGE_SECONDS = 300

/** The documents of a face that have a well-known place. */
export function addWellKnownOf(app: Hono<GatewayEnv>, mount: Mount, basePath: string): void {
  for (const [name, write] of Object.entries(mount.wellKnown ?? {})) {
    app.get(`/.well-known/${name}`, (c) => {
      const { policy } = c.env.service
      c.header('Cache-Control', `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`)
      return c.json(write(policy, policy.issuer + basePath))
    })
  }
}

/** `/.well-known/jwks.json`: the public key set that upstreams verify our tokens with (RFC 7517 §5). */
export function addWellKnown(app: Hono<GatewayEnv>): void {
  app.get('/.well-known/jwks.json', (c) => {
    c.header('Cache-Control', `public, max-age=${KEY_SET_MAX_AGE_SECONDS}`)
    c.header('Content-Type', 'application/jwk-set+json')
    return c.body(JSON.stringify(c.env.service.publicKeySet()))
  })
}
