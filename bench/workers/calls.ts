import type { Contender, HttpRequest, Supply } from '../contender.ts'
import { widened } from '../forged-token.ts'
import { exchangeCall, type Tokens } from '../gateway.ts'
import { exchangeMany } from '../gateway-keys.ts'
import { upstreamFiles } from '../proxies/upstream.ts'
import { getWith, postJson } from '../send.ts'
import type { Stage } from '../stage.ts'
import { hasLength, holds, takenBy, verifiedAgainst } from '../verified.ts'
import type { Workerd } from './workerd.ts'

/** So few tokens that an isolate remembers all of them. */
const TOKENS_MAX = 500

/** So few keys that an isolate, which forgets a key after five seconds, is shown each again before. */
const KNOWN_KEYS = 8

const PROXIED = '/small.bin'

/** Whom Cloudflare says that a call is from. */
const caller = '192.0.2.1'

/** From a proxy in front of ours, which must be trusted for forward-auth. */
export const trustedCallers = '192.0.2.0/24'

export const verifySeen = 'Verify, token seen before'

/** What the Worker is asked. Keys and tokens are those of the first gateway, so that an isolate has not seen them. */
export async function workerCalls(stage: Stage, { origin, pid }: Workerd): Promise<readonly Contender[]> {
  const { gateway, keys } = await stage.onPostgres()
  // One of each key.
  const tokens = await exchangeMany(gateway, keys)
  const known = tokens.slice(0, TOKENS_MAX)
  const common = { origin, pids: [pid], usesPostgres: true, expectedStatus: 200 } as const
  const again = (requests: readonly HttpRequest[]) =>
    ({ kind: 'again', requests: requests.map(viaCloudflare) }) as const
  /** Calls with a token, and the same with a forged one. */
  const withTokens = (call: (token: string) => HttpRequest) => ({
    ...common,
    supply: again(known.map(({ access }) => call(access))),
    forged: viaCloudflare(call(widened(known[0]?.access ?? ''))),
  })
  const me = (token: string) => getWith(token, '/api/v1/me')
  const taken = takenBy(`${origin}/api/v1/me`, 'data.access')
  const published = verifiedAgainst(`${gateway.origin}/.well-known/jwks.json`, 'data.access')
  const exchanges = keys.map(exchangeCall)
  const exchanged: Contender['judge'] = async (answer) => (await taken(answer)) ?? published(answer)
  return [
    {
      ...common,
      name: 'Exchange, key known',
      supply: again(exchanges.slice(0, KNOWN_KEYS)),
      judge: exchanged,
    },
    {
      ...common,
      name: 'Exchange, key not known',
      supply: inRotation(exchanges.slice(KNOWN_KEYS).map(viaCloudflare)),
      judge: exchanged,
    },
    {
      ...common,
      name: 'Refresh',
      supply: inRotation(tokens.map(refreshCall).map(viaCloudflare)),
      judge: taken,
    },
    { ...withTokens(me), name: verifySeen, judge: holds('"subject"') },
    {
      ...common,
      name: 'Verify, token not seen before',
      supply: {
        kind: 'once',
        mint: async (count) =>
          (await exchangeMany(gateway, keys, count)).map(({ access }) => viaCloudflare(me(access))),
      },
      judge: holds('"subject"'),
    },
    {
      ...withTokens((token) => getWith(token, PROXIED)),
      name: 'Proxied call, 1 KiB',
      judge: hasLength(upstreamFiles[PROXIED]),
    },
    { ...withTokens(forwardAuth), name: 'Forward-auth', judge: async () => undefined },
  ]
}

const refreshCall = ({ refresh }: Tokens) => postJson('/api/v1/auth/token/refresh/', { refresh })

/** Each comes again when all others have come. */
function inRotation(requests: readonly HttpRequest[]): Supply {
  let next = 0
  const take = () => requests.at(next++ % requests.length) ?? []
  return { kind: 'once', mint: async (count) => Array.from({ length: count }, take).flat() }
}

function forwardAuth(token: string): HttpRequest {
  return getWith(token, '/authz/forward-auth', {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'api.example',
    'x-forwarded-uri': PROXIED,
  })
}

function viaCloudflare(request: HttpRequest): HttpRequest {
  return { ...request, headers: { ...request.headers, 'cf-connecting-ip': caller } }
}
