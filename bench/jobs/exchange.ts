import { enter, type Job } from '../contender.ts'
import { exchangeCall } from '../gateway.ts'
import { postJson } from '../send.ts'
import type { Keyed, Stage } from '../stage.ts'
import { takenBy, verifiedAgainst, verifiedWith } from '../verified.ts'

/** An API key in, a JWT and where there is such a thing a refresh token out. */
export async function exchangeJob(stage: Stage): Promise<Job> {
  return {
    name: 'exchange',
    title: 'Exchange',
    description: `${stage.plan.keys} different API keys, each answered with an access token (and a refresh token, where the contender has such).`,
    contenders: [
      await enter('Guichet', async () => exchangeAt(await stage.onPostgres(), true)),
      await enter('Guichet, HS256', async () => exchangeAt(await stage.withHs256(), true)),
      await enter('Guichet, PGlite', async () => exchangeAt(await stage.onPglite(), false)),
      await enter('Fastify + @fastify/jwt + pg', () => byHand(stage, 'fastify')),
      await enter('Express + jsonwebtoken + pg', () => byHand(stage, 'express')),
      await enter('node-oidc-provider, client_credentials', () => byOidcProvider(stage)),
      await enter('better-auth, API key to JWT', () => byBetterAuth(stage)),
    ],
  }
}

/** At a gateway with keys of its own. */
export function exchangeAt({ gateway, keys }: Keyed, usesPostgres: boolean) {
  const { origin, pid } = gateway
  const published = verifiedAgainst(`${origin}/.well-known/jwks.json`, 'data.access')
  const taken = takenBy(`${origin}/api/v1/me`, 'data.access')
  return {
    origin,
    supply: { kind: 'again', requests: keys.map(exchangeCall) },
    expectedStatus: 200,
    // With HS256 there is no public key: then the gateway itself is asked.
    judge: async (answer: Parameters<typeof taken>[0]) =>
      answer.text.includes('"access":"eyJhbGciOiJIUzI1NiI')
        ? taken(answer)
        : ((await taken(answer)) ?? published(answer)),
    pids: [pid],
    usesPostgres,
  } as const
}

async function byHand(stage: Stage, name: 'express' | 'fastify') {
  const { origin, keys, pid } = await stage.peer(name)
  return {
    origin,
    supply: { kind: 'again', requests: keys.map((apiKey) => postJson('/token', { apiKey })) },
    expectedStatus: 200,
    judge: verifiedWith(stage.mint, 'access'),
    pids: [pid],
    usesPostgres: true,
  } as const
}

async function byOidcProvider(stage: Stage) {
  const { origin, keys, pid } = await stage.peer('oidc-provider')
  const requests = keys.map((key) => {
    const [client_id = '', client_secret = ''] = key.split(':')
    const resource = 'urn:bench'
    const fields = {
      grant_type: 'client_credentials',
      client_id,
      client_secret,
      resource,
      scope: 'orders:read',
    }
    return {
      method: 'POST',
      path: '/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields).toString(),
    } as const
  })
  return {
    origin,
    supply: { kind: 'again', requests },
    expectedStatus: 200,
    judge: verifiedWith(stage.mint, 'access_token'),
    pids: [pid],
    usesPostgres: true,
  } as const
}

async function byBetterAuth(stage: Stage) {
  const { origin, keys, pid } = await stage.peer('better-auth')
  return {
    origin,
    supply: {
      kind: 'again',
      requests: keys.map(
        (key) => ({ method: 'GET', path: '/api/auth/token', headers: { 'x-api-key': key } }) as const,
      ),
    },
    expectedStatus: 200,
    judge: verifiedAgainst(`${origin}/api/auth/jwks`, 'token'),
    pids: [pid],
    usesPostgres: true,
  } as const
}
