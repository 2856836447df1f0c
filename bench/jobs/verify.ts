import { type Contender, enter, type Job, type Supply } from '../contender.ts'
import { widened } from '../forged-token.ts'
import { exchangeMany } from '../gateway-keys.ts'
import { getWith } from '../send.ts'
import type { Keyed, Stage } from '../stage.ts'
import { holds } from '../verified.ts'

type Served = Omit<Contender, 'name' | 'supply' | 'expectedStatus'>
type Entered = Omit<Contender, 'name'>

/** A call to a route that only needs a token: tokens that were seen before. */
export async function verifyJob(stage: Stage): Promise<Job> {
  const requestsOf = (tokens: readonly string[], path: string): Supply => ({
    kind: 'again',
    requests: tokens.map((token) => getWith(token, path)),
  })
  const ofPeer = async (served: Served, path: string): Promise<Entered> => ({
    ...served,
    supply: requestsOf(stage.mint.mint(stage.plan.keys), path),
    forged: getWith(forgedBy(stage), path),
    expectedStatus: 200,
  })
  const ofGateway = async ({ gateway, keys }: Keyed, usesPostgres: boolean): Promise<Entered> => {
    const tokens = (await exchangeMany(gateway, keys)).map(({ access }) => access)
    const { origin, pid } = gateway
    const supply = requestsOf(tokens, '/api/v1/me')
    const forged = getWith(widened(tokens[0] ?? ''), '/api/v1/me')
    return {
      origin,
      supply,
      forged,
      expectedStatus: 200,
      judge: holds('"subject"'),
      pids: [pid],
      usesPostgres,
    }
  }
  return {
    name: 'verify',
    title: 'Verify, warm',
    description: `${stage.plan.keys} different ES256 access tokens, each of which the server has seen before.`,
    contenders: [
      await enter('Guichet', async () => ofGateway(await stage.onPostgres(), true)),
      await enter('Guichet, PGlite', async () => ofGateway(await stage.onPglite(), false)),
      await enter('Fastify + @fastify/jwt, with its cache', async () =>
        ofPeer(await servedBy.fastify(stage), '/me'),
      ),
      await enter('Express + jsonwebtoken', async () => ofPeer(await servedBy.express(stage), '/me')),
      await enter('hono/jwt', async () => ofPeer(await servedBy.hono(stage), '/me')),
      await enter('HAProxy, jwt_verify', async () => ofPeer(await servedBy.haproxy(stage), '/')),
    ],
  }
}

/** The same with tokens that another instance minted, each shown once. */
export async function coldVerifyJob(stage: Stage): Promise<Job> {
  const ofPeer = async (served: Served, path: string): Promise<Entered> => ({
    ...served,
    supply: {
      kind: 'once',
      mint: async (count) => stage.mint.mint(count).map((token) => getWith(token, path)),
    },
    forged: getWith(forgedBy(stage), path),
    expectedStatus: 200,
  })
  const ofGateway = async (): Promise<Entered> => {
    const { gateway, keys } = await stage.onPostgres()
    const foreign = await stage.foreign()
    const mint = async (count: number) =>
      (await exchangeMany(foreign, keys, count)).map(({ access }) => getWith(access, '/api/v1/me'))
    return {
      origin: gateway.origin,
      supply: { kind: 'once', mint },
      expectedStatus: 200,
      judge: holds('"subject"'),
      pids: [gateway.pid],
      usesPostgres: true,
    }
  }
  return {
    name: 'verify-cold',
    title: 'Verify, first sight',
    description: 'ES256 access tokens that another instance minted, each shown once.',
    contenders: [
      await enter('Guichet', ofGateway),
      { name: 'Guichet, PGlite', why: 'an embedded database has one instance only' },
      await enter('Fastify + @fastify/jwt, with its cache', async () =>
        ofPeer(await servedBy.fastify(stage), '/me'),
      ),
      await enter('Express + jsonwebtoken', async () => ofPeer(await servedBy.express(stage), '/me')),
      await enter('hono/jwt', async () => ofPeer(await servedBy.hono(stage), '/me')),
      await enter('HAProxy, jwt_verify', async () => ofPeer(await servedBy.haproxy(stage), '/')),
    ],
  }
}

const servedBy = {
  fastify: (stage: Stage) => servedByPeer(stage, 'fastify'),
  express: (stage: Stage) => servedByPeer(stage, 'express'),
  hono: (stage: Stage) => servedByPeer(stage, 'hono-jwt'),
  async haproxy(stage: Stage): Promise<Served> {
    const { answering, pid } = await stage.haproxy()
    return { origin: answering, judge: holds('"ok":true'), pids: [pid], usesPostgres: false }
  },
}

/** A token that no verifier takes. */
const forgedBy = ({ mint }: Stage) => widened(mint.mint(1)[0] ?? '')

async function servedByPeer(stage: Stage, name: 'express' | 'fastify' | 'hono-jwt'): Promise<Served> {
  const { origin, pid } = await stage.peer(name)
  return { origin, judge: holds('orders:read'), pids: [pid], usesPostgres: false }
}
