import { enter, type Job } from '../contender.ts'
import { exchangeMany } from '../gateway-keys.ts'
import { inParallel } from '../in-parallel.ts'
import { postJson, send } from '../send.ts'
import type { Keyed, Stage } from '../stage.ts'
import { takenBy, verifiedWith } from '../verified.ts'

const LANES = 16

/** A refresh token in, an access token out. */
export async function refreshJob(stage: Stage): Promise<Job> {
  return {
    name: 'refresh',
    title: 'Refresh',
    description: `${stage.plan.keys} different refresh tokens, one of each key.`,
    contenders: [
      await enter('Guichet', async () => refreshAt(await stage.onPostgres(), true)),
      await enter('Guichet, HS256', async () => refreshAt(await stage.withHs256(), true)),
      await enter('Guichet, PGlite', async () => refreshAt(await stage.onPglite(), false)),
      await enter('Fastify + @fastify/jwt + pg', () => byHand(stage, 'fastify')),
      await enter('Express + jsonwebtoken + pg', () => byHand(stage, 'express')),
    ],
  }
}

/** At a gateway with keys of its own. */
export async function refreshAt({ gateway, keys }: Keyed, usesPostgres: boolean) {
  const tokens = await exchangeMany(gateway, keys)
  const requests = tokens.map(({ refresh }) => postJson('/api/v1/auth/token/refresh/', { refresh }))
  return {
    origin: gateway.origin,
    supply: { kind: 'again', requests },
    expectedStatus: 200,
    judge: takenBy(`${gateway.origin}/api/v1/me`, 'data.access'),
    pids: [gateway.pid],
    usesPostgres,
  } as const
}

async function byHand(stage: Stage, name: 'express' | 'fastify') {
  const { origin, keys, pid } = await stage.peer(name)
  const requests = await inParallel(keys, LANES, async (apiKey) => {
    const { refresh } = JSON.parse((await send(origin, postJson('/token', { apiKey }))).text)
    return postJson('/refresh', { refresh })
  })
  return {
    origin,
    supply: { kind: 'again', requests },
    expectedStatus: 200,
    judge: verifiedWith(stage.mint, 'access'),
    pids: [pid],
    usesPostgres: true,
  } as const
}
