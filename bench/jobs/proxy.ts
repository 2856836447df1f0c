import { enter, type Job } from '../contender.ts'
import { widened } from '../forged-token.ts'
import { exchangeMany } from '../gateway-keys.ts'
import { upstreamFiles } from '../proxies/upstream.ts'
import { getWith } from '../send.ts'
import type { Stage } from '../stage.ts'
import { hasLength } from '../verified.ts'

/** Calls that are passed on to an API once their token is verified; small answers. */
export async function smallProxyJob(stage: Stage): Promise<Job> {
  const contenders = await contendersFor(stage, '/small.bin')
  const description = 'Answers of 1 KiB, tokens that were seen before.'
  return { name: 'proxy', title: 'Proxy, 1 KiB', description, contenders }
}

/** The same with large answers. */
export async function largeProxyJob(stage: Stage): Promise<Job> {
  const contenders = await contendersFor(stage, '/large.bin')
  const description = 'Answers of 1 MiB, tokens that were seen before.'
  return { name: 'proxy-1mib', title: 'Proxy, 1 MiB', description, contenders }
}

/** Few enough that each can be shown once, with an answer of a MiB, before it is measured. */
const TOKENS_MAX = 500

async function contendersFor(stage: Stage, path: keyof typeof upstreamFiles): Promise<Job['contenders']> {
  const count = Math.min(TOKENS_MAX, stage.plan.keys)
  const common = { expectedStatus: 200, judge: hasLength(upstreamFiles[path]), usesPostgres: false } as const
  const calls = (tokens: readonly string[], at: string = path) =>
    ({
      supply: { kind: 'again', requests: tokens.map((token) => getWith(token, at)) },
      forged: getWith(widened(tokens[0] ?? ''), at),
    }) as const
  return [
    await enter('Guichet', async () => {
      const edge = await stage.edge()
      const tokens = await exchangeMany(edge, (await stage.onPostgres()).keys, count)
      const own = calls(tokens.map(({ access }) => access))
      return { ...common, ...own, origin: edge.origin, pids: [edge.pid], usesPostgres: true }
    }),
    await enter('Fastify + @fastify/jwt, cache + @fastify/http-proxy', async () => {
      const { origin, pid } = await stage.peer('fastify')
      return { ...common, ...calls(stage.mint.mint(count), `/upstream${path}`), origin, pids: [pid] }
    }),
    await enter('HAProxy, jwt_verify', async () => {
      const { proxying, pid } = await stage.haproxy()
      return { ...common, ...calls(stage.mint.mint(count)), origin: proxying, pids: [pid] }
    }),
    await enter('nginx proxy_pass, no authentication', async () => {
      const { open, pid } = await stage.nginx()
      return { ...common, ...calls(stage.mint.mint(count)), forged: undefined, origin: open, pids: [pid] }
    }),
  ]
}
