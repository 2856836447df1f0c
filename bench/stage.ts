import { join, resolve } from 'node:path'
import { type Child, startChild } from './child.ts'
import type { Contender } from './contender.ts'
import { cores } from './cores.ts'
import { freePort } from './free-port.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { makeKeys } from './gateway-keys.ts'
import { type Peer, type PeerName, startPeer } from './peers/peer.ts'
import type { Plan } from './plan.ts'
import { startPostgres } from './postgres.ts'
import { startHaproxy } from './proxies/haproxy.ts'
import { startNginx } from './proxies/nginx.ts'
import { startUpstream, type Upstream } from './proxies/upstream.ts'
import { createTokenMint } from './token-mint.ts'

/** A gateway with API keys of its own. */
export interface Keyed {
  readonly gateway: Gateway
  readonly keys: readonly string[]
}

/** Every server that a job may ask for. Each starts when it is first asked for, and all stop with the stage. */
export type Stage = Awaited<ReturnType<typeof openStage>>

export async function openStage(folder: string, plan: Plan, stack: AsyncDisposableStack) {
  const postgres = await startPostgres(folder)
  stack.defer(() => postgres.stop())
  const mint = createTokenMint()

  const started = async <Server extends Child>(starting: Promise<Server>): Promise<Server> => {
    const server = await starting
    stack.defer(() => server.stop())
    return server
  }
  const keyed = async (gateway: Gateway, count = plan.keys): Promise<Keyed> => ({
    gateway,
    keys: await makeKeys(gateway, count),
  })
  const gatewayOn = (name: string, options: Omit<Parameters<typeof startGateway>[0], 'folder' | 'name'>) =>
    started(startGateway({ folder, name, ...options }))

  const database = once(() => postgres.createDatabase('guichet'))
  const onPostgres = once(async () => keyed(await gatewayOn('guichet', { databaseUrl: await database() })))
  const growingDatabase = once(() => postgres.createDatabase('guichet_growing'))
  const upstream = once(() => started<Upstream>(startUpstream(folder)))
  /** Another instance on the database of the first one. */
  const sibling = async (name: string, env: Readonly<Record<string, string>> = {}) => {
    await onPostgres()
    return gatewayOn(name, { databaseUrl: await database(), env, dataDir: join(folder, 'guichet-data') })
  }
  const edge = once(async () =>
    sibling('edge', { UPSTREAM_URL: (await upstream()).origin, TRUSTED_PROXIES: '127.0.0.0/8' }),
  )
  const peers = new Map<PeerName, Promise<Peer>>()

  return {
    folder,
    plan,
    postgres,
    mint,
    database,
    onPostgres,
    /** A gateway of its own, whose database is filled with rows. */
    growingDatabase,
    growing: once(async () =>
      keyed(await gatewayOn('growing', { databaseUrl: await growingDatabase() }), plan.growth.fewKeys),
    ),
    onPglite: once(async () => keyed(await gatewayOn('pglite', {}))),
    withHs256: once(async () =>
      keyed(
        await gatewayOn('hs256', {
          databaseUrl: await postgres.createDatabase('guichet_hs256'),
          env: { SIGNING_ALG: 'HS256' },
        }),
      ),
    ),
    /** Mints tokens that the first instance has never seen. */
    foreign: once(() => sibling('foreign')),
    edge,
    upstream,
    peer(name: PeerName): Promise<Peer> {
      const start = async () => {
        const up = name === 'fastify' ? (await upstream()).origin : ''
        return started(startPeer(name, { folder, postgres, mint, keys: plan.keys, upstream: up }))
      }
      const peer = peers.get(name) ?? start()
      peers.set(name, peer)
      return peer
    },
    nginx: once(async () =>
      started(startNginx(folder, { upstream: (await upstream()).origin, gateway: (await edge()).origin })),
    ),
    haproxy: once(async () =>
      started(startHaproxy(folder, { upstream: (await upstream()).origin, publicPem: mint.publicPem })),
    ),
    floor: once(() => startFloor(folder, started)),
  }
}

async function startFloor(
  folder: string,
  started: (starting: Promise<Child>) => Promise<Child>,
): Promise<Contender> {
  const port = await freePort()
  const child = await started(
    startChild([process.execPath, resolve(import.meta.dirname, 'floor.ts')], {
      core: cores.measured,
      env: { PORT: String(port) },
      logFile: join(folder, 'floor.log'),
      ready: 'ready',
    }),
  )
  return {
    name: 'floor',
    origin: `http://127.0.0.1:${port}`,
    supply: { kind: 'again', requests: [{ method: 'GET', path: '/', headers: {} }] },
    expectedStatus: 200,
    judge: async ({ text }) => (text === 'ok' ? undefined : text),
    pids: [child.pid],
    usesPostgres: false,
  }
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}
