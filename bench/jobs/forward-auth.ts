import { enter, type Job } from '../contender.ts'
import { widened } from '../forged-token.ts'
import { exchangeMany } from '../gateway-keys.ts'
import { upstreamFiles } from '../proxies/upstream.ts'
import { getWith } from '../send.ts'
import type { Stage } from '../stage.ts'
import { hasLength } from '../verified.ts'

const PATH = '/small.bin'

/** The question that a proxy in front asks about each call, and a whole call through nginx that asks it. */
export async function forwardAuthJob(stage: Stage): Promise<Job> {
  const tokens = async () => {
    const own = await exchangeMany(await stage.edge(), (await stage.onPostgres()).keys)
    return own.map(({ access }) => access)
  }
  return {
    name: 'forward-auth',
    title: 'Forward-auth',
    description:
      'Tokens that were seen before. Guichet answers the question alone; nginx asks it and then fetches 1 KiB.',
    contenders: [
      await enter('Guichet', async () => {
        const { origin, pid } = await stage.edge()
        const headers = {
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'http',
          'x-forwarded-host': 'api.example',
          'x-forwarded-uri': PATH,
        }
        const ask = (token: string) => getWith(token, '/authz/forward-auth', headers)
        const own = await tokens()
        return {
          origin,
          supply: { kind: 'again', requests: own.map(ask) },
          forged: ask(widened(own[0] ?? '')),
          expectedStatus: 200,
          judge: async () => undefined,
          pids: [pid],
          usesPostgres: true,
        }
      }),
      await enter('nginx auth_request, asking Guichet', async () => {
        const nginx = await stage.nginx()
        const edge = await stage.edge()
        const own = await tokens()
        return {
          origin: nginx.asking,
          supply: { kind: 'again', requests: own.map((token) => getWith(token, PATH)) },
          forged: getWith(widened(own[0] ?? ''), PATH),
          expectedStatus: 200,
          judge: hasLength(upstreamFiles[PATH]),
          pids: [nginx.pid, edge.pid],
          usesPostgres: true,
        }
      }),
    ],
  }
}
