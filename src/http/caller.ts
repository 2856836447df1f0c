import type { Actor, Caller } from '../core/caller.ts'
import type { ApiKey } from '../core/keys/api-key.ts'
import type { MeterReading } from '../core/limits/meter.ts'
import type { AdmittedCall } from '../core/tokens/admit-call.ts'
import type { TokenPair } from '../core/tokens/exchange.ts'
import type { GatewayContext } from './gateway-env.ts'
import { limitHeaders } from './limit-headers.ts'
import { principalOf } from './mount.ts'
import { tell } from './reply.ts'

/** Where a call comes from. */
export function callerOf(c: GatewayContext): Caller {
  return {
    address: c.env.addressOf(c.env.header('x-forwarded-for')),
    userAgent: c.env.header('user-agent'),
    requestId: c.get('requestId'),
  }
}

/** Who makes a call that the guard has admitted, and from where. */
export function actorOf(c: GatewayContext): Actor {
  return { principal: principalOf(c), caller: callerOf(c) }
}

/** Notes who makes a call that was admitted. */
export function notePrincipal(c: GatewayContext, admitted: AdmittedCall): void {
  const { principal, key, meter } = admitted
  c.set('principal', principal)
  if (key === undefined) c.set('userId', principal.subject)
  else noteKey(c, { key, meter })
}

/** Notes the key that a call was made with, and tells the caller what its answers must say of it. */
export function noteKey(
  c: GatewayContext,
  { key, meter }: { readonly key: ApiKey; readonly meter: MeterReading },
): void {
  c.set('key', key)
  c.set('meter', meter)
  if (meter.rate !== undefined) tell(c, limitHeaders(meter.rate))
  tell(c, keyNotices(key))
}

/** Notes what came of an exchange, and tells it where it was made from memory: `Guichet-Degraded` is our own. */
export function noteExchange(c: GatewayContext, pair: TokenPair): void {
  noteKey(c, pair)
  if (!pair.degraded) return
  c.set('degraded', true)
  tell(c, { 'Guichet-Degraded': 'true' })
}

/**
 * What the holder of a key that is on its way out is told: `Deprecation` (RFC 9745 §2.1), `Sunset` (RFC 8594 §3) and the
 * way to the successor (RFC 5829 §3.3).
 */
export function keyNotices({ rotatedAt, retiresAt, successorId }: ApiKey): Readonly<Record<string, string>> {
  if (rotatedAt === undefined || retiresAt === undefined) return {}
  return {
    Deprecation: `@${Math.floor(rotatedAt.getTime() / 1000)}`,
    Sunset: retiresAt.toUTCString(),
    Link: `</api/v1/keys/${successorId}>; rel="successor-version"`,
  }
}
