import { keyNotices } from '../http/caller.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import { limitHeaders } from '../http/limit-headers.ts'
import type { FieldList } from '../http/wire.ts'
import type { AllowedCall } from './decide.ts'

/** What we ourselves tell the client of a proxied call: its id, its limits, and what is to become of its key. */
export function ownAnswerFields(c: GatewayContext, { routeRate }: Pick<AllowedCall, 'routeRate'>): FieldList {
  const key = c.get('key')
  const rate = c.get('meter')?.rate
  return [
    'X-Request-Id',
    c.get('requestId'),
    ...(rate === undefined ? [] : Object.entries(limitHeaders(rate)).flat()),
    // Beside the key's own, if there is one: both are lists (RFC 9651 §3.1).
    ...(routeRate === undefined ? [] : Object.entries(limitHeaders(routeRate)).flat()),
    ...(key === undefined ? [] : Object.entries(keyNotices(key)).flat()),
    // Said to those without an origin too: a cache would answer pages with what they were told (RFC 9110 §12.5.5).
    ...(c.get('variesByOrigin') === true ? ['Vary', 'Origin'] : []),
    ...crossOriginFields(c),
  ]
}

/** What the operator's CORS_ORIGINS allow, where they were asked. */
function crossOriginFields(c: GatewayContext): FieldList {
  if (c.env.header('origin') === undefined) return []
  return [...c.res.headers].filter(([name]) => name.startsWith('access-control-')).flat()
}
