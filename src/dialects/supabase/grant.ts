import type { GatewayContext } from '../../http/gateway-env.ts'

/** A way to a session at the token endpoint: what it needs of the body is its own to read. */
export type Grant = (c: GatewayContext, body: Readonly<Record<string, unknown>>) => Promise<Response>
