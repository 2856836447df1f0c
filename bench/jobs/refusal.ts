import { enter, type Job } from '../contender.ts'
import { widened } from '../forged-token.ts'
import { exchangeMany, revokeAll } from '../gateway-keys.ts'
import { getWith } from '../send.ts'
import type { Keyed, Stage } from '../stage.ts'
import { holds } from '../verified.ts'

/** Tokens that must be refused: a refusal may not be dearer than a success. */
export async function refusalJob(stage: Stage): Promise<Job> {
  return {
    name: 'refusal',
    title: 'Refusal',
    description: `${stage.plan.revokedTokens} tokens that were ended one by one, and as many whose claims were changed under their signature; all answered 401.`,
    contenders: [
      await enter('Guichet, revoked tokens', async () => revoked(await stage.onPostgres(), stage, true)),
      await enter('Guichet, forged claims', async () => forged(await stage.onPostgres(), stage, true)),
      await enter('Guichet, PGlite, revoked tokens', async () =>
        revoked(await stage.onPglite(), stage, false),
      ),
    ],
  }
}

async function revoked({ gateway, keys }: Keyed, { plan }: Stage, usesPostgres: boolean) {
  const tokens = await exchangeMany(gateway, keys, plan.revokedTokens)
  await revokeAll(gateway, tokens)
  return {
    origin: gateway.origin,
    supply: { kind: 'again', requests: tokens.map(({ access }) => getWith(access, '/api/v1/me')) },
    expectedStatus: 401,
    judge: holds('token_revoked'),
    pids: [gateway.pid],
    usesPostgres,
  } as const
}

async function forged({ gateway, keys }: Keyed, { plan }: Stage, usesPostgres: boolean) {
  const tokens = await exchangeMany(gateway, keys, plan.revokedTokens)
  return {
    origin: gateway.origin,
    supply: { kind: 'again', requests: tokens.map(({ access }) => getWith(widened(access), '/api/v1/me')) },
    expectedStatus: 401,
    judge: holds('invalid_token'),
    pids: [gateway.pid],
    usesPostgres,
  } as const
}
