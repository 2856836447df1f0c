import type { GatewayRules } from '../../../gateway/rules.ts'
import type { Check } from './check.ts'
import { type Dialled, dialOrigin } from './dial-origin.ts'

/** So many are dialled at once. */
const AT_ONCE = 32
const NAMED_MAX = 3
const CERTIFICATE_ENDS_SOON_DAYS = 14

interface Trouble {
  readonly origin: string
  readonly trouble: string
}

/** Dials every API behind the routes: name, port, certificate. No request is sent. Undefined where there is none. */
export async function checkUpstreams(rules: GatewayRules): Promise<Check | undefined> {
  const origins = originsOf(rules)
  if (origins.size === 0) return undefined
  const troubles: Trouble[] = []
  const waiting = [...origins]
  const dialNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [origin, connectMs] = next
      const trouble = troubleOf(await dialOrigin(origin, connectMs))
      if (trouble !== undefined) troubles.push({ origin, trouble })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, dialNext))
  return judge(origins.size, troubles)
}

/** Each once, with the longest time that a route leaves it to connect. */
function originsOf(rules: GatewayRules): ReadonlyMap<string, number> {
  const origins = new Map<string, number>()
  for (const { upstream, timeouts } of rules) {
    for (const address of upstream?.addresses ?? []) {
      if (address.kind !== 'origin') continue
      origins.set(address.origin, Math.max(timeouts.connectMs, origins.get(address.origin) ?? 0))
    }
  }
  return origins
}

function judge(count: number, troubles: readonly Trouble[]): Check {
  const check = 'upstreams'
  if (troubles.length === 0) return { check, status: 'ok', finding: `All can be connected to (${count}).` }
  const named = troubles.slice(0, NAMED_MAX).map(({ origin, trouble }) => `${origin} ${trouble}`)
  const more = troubles.length > NAMED_MAX ? `, and ${troubles.length - NAMED_MAX} more` : ''
  return {
    check,
    status: 'warn',
    finding: `${troubles.length} of ${count}: ${named.join(', ')}${more}.`,
    remedy: 'Mend its address, its process or its certificate: without a connection its calls are 502.',
  }
}

function troubleOf(dialled: Dialled): string | undefined {
  if (!dialled.ok) return troubles[dialled.failure] ?? `fails with ${dialled.failure}`
  const { certificateEndsAt } = dialled.value
  if (certificateEndsAt === undefined) return undefined
  const days = Math.floor((certificateEndsAt.getTime() - Date.now()) / 86_400_000)
  return days < CERTIFICATE_ENDS_SOON_DAYS ? `has a certificate for ${days} days more` : undefined
}

const troubles: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that is unknown',
  EAI_AGAIN: 'has a name that nobody could look up',
  ECONNREFUSED: 'refuses the connection',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'does not answer in time',
  CERT_HAS_EXPIRED: 'has a certificate that has run out',
  CERT_NOT_YET_VALID: 'has a certificate of the future',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that nobody vouches for',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that nobody vouches for',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that nobody vouches for',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that nobody vouches for',
}
