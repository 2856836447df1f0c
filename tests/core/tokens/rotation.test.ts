import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testSecret } from '../../support/gateway-process.ts'
import { newOAuthClient, type OAuthClient, oauthClient } from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const INTERLEAVINGS = 500

let gateway: TestGateway
let client: OAuthClient
let credentials: { readonly clientId: string; readonly apiKey: string }

beforeAll(async () => {
  gateway = await createTestGateway()
  client = await newOAuthClient(gateway)
  credentials = { clientId: client.id, apiKey: client.apiKey }
})

afterAll(() => gateway.close())

const caller = { address: '192.0.2.1', userAgent: undefined, requestId: 'test' }
const everything = { permissions: undefined, audiences: undefined, accessTtlSeconds: undefined }
const opened = async (of = client): Promise<string> =>
  (await of.tokens({ scope: 'offline_access' })).refresh_token
const rotate = (refreshToken: string) =>
  gateway.service.rotate({ credentials, refreshToken, narrowing: everything }, caller)
const sessionOf = (refreshToken: string) =>
  refreshToken.slice(4, 36).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

describe('a revocation that meets a refresh', () => {
  it(`leaves no live token of the family, in ${INTERLEAVINGS} interleavings`, {
    timeout: 120_000,
  }, async () => {
    const alive: string[] = []
    let refreshed = 0
    const admin = await gateway.service.admit(await gateway.accessToken(), caller)
    if (!admin.ok) throw new Error('The admin is not admitted.')
    const actor = { principal: admin.value.principal, caller }
    for (let round = 0; round < INTERLEAVINGS; round++) {
      const token = await opened()
      const ways = [
        () => gateway.service.revokeToken({ credentials, token }, caller),
        () => gateway.service.endSession(actor, sessionOf(token)),
      ]
      const acts = [ways[round % 2]!, () => rotate(token)]
      const [first, second] = round % 4 < 2 ? acts : acts.toReversed()
      const one = first!()
      // A second passes between them, so that a token can be minted with an iat behind the cut-off.
      gateway.pass(1)
      for (let tick = 0; tick < round % 7; tick++) await Promise.resolve()
      const outcomes = await Promise.all([one, second!()])
      for (const outcome of outcomes) {
        if (!outcome.ok || !('access' in outcome.value)) continue
        refreshed++
        const admitted = await gateway.service.admit(outcome.value.access, caller)
        const successor = await rotate(outcome.value.refresh!)
        if (admitted.ok || successor.ok) alive.push(`round ${round}`)
      }
      if ((await rotate(token)).ok) alive.push(`round ${round}: the first token`)
    }
    expect(alive).toEqual([])
    // Both orders happened.
    expect(refreshed).toBeGreaterThan(INTERLEAVINGS / 20)
    expect(refreshed).toBeLessThan(INTERLEAVINGS)
  })
})

describe('parallel refreshes of one token', () => {
  it('get one successor, and the session moves one step', async () => {
    const token = await opened()
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => rotate(token)))
    const successors = new Set(outcomes.map((outcome) => outcome.ok && outcome.value.refresh))
    expect([...successors]).toEqual([expect.stringMatching(/^grt_/)])
    expect(await rotate([...successors][0] as string)).toMatchObject({ ok: true })
  })

  it('of a limited key count once each, however often they lose the race', async () => {
    const limited = await newOAuthClient(gateway, { quota: 21 })
    const token = await opened(limited)
    const answers = await Promise.all(Array.from({ length: 20 }, () => limited.refresh(token)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect((await limited.refresh(token)).body.error).toBe('unauthorized_client')
  })
})

describe('a refresh that fails', () => {
  it('consumes nothing when the database refuses the write', async () => {
    const token = await opened()
    await gateway.database.query(
      `create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    )
    await gateway.database.query(
      'create trigger no before update on sessions for each row execute function no()',
    )
    const failed = await client.refresh(token)
    expect([failed.status, failed.body.error]).toEqual([500, 'server_error'])
    await gateway.database.query('drop trigger no on sessions')
    const [row] = await gateway.database.query('select previous_refresh_digest from sessions where id = $1', [
      sessionOf(token),
    ])
    expect(row).toEqual({ previous_refresh_digest: null })
    expect((await client.refresh(token)).status).toBe(200)
  })

  it('is 503 within the budget while somebody holds its row, and only that session waits', async () => {
    const held = await opened()
    const free = await opened()
    const holder = new pg.Client({ connectionString: gateway.database.url })
    await holder.connect()
    await holder.query('begin')
    await holder.query('select 1 from sessions where id = $1 for update', [sessionOf(held)])
    const since = performance.now()
    const waiting = client.refresh(held)
    const others = await Promise.all(Array.from({ length: 5 }, () => client.refresh(free)))
    expect(others.map(({ status }) => status)).toEqual(Array(5).fill(200))
    expect(performance.now() - since).toBeLessThan(4000)
    const answer = await waiting
    expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '2',
    ])
    await holder.query('rollback')
    await holder.end()
    expect((await client.refresh(held)).status).toBe(200)
  })
})

describe('a theft', () => {
  it('ends the session in the database although its answer is a refusal, once', async () => {
    const first = await opened()
    const second = (await client.refresh(first)).body
    await client.refresh(second.refresh_token)
    const thefts = await Promise.all(Array.from({ length: 10 }, () => rotate(first)))
    expect(new Set(thefts.map((theft) => theft.ok))).toEqual(new Set([false]))
    const [row] = await gateway.database.query('select revoked_at from sessions where id = $1', [
      sessionOf(first),
    ])
    expect(row?.['revoked_at']).not.toBeNull()
    const revocations = await gateway.database.query(
      "select kind from revocations where kind = 'session' and subject = $1",
      [sessionOf(first)],
    )
    expect(revocations.length).toBeGreaterThan(0)
    expect(await gateway.service.admit(second.access_token, caller)).toMatchObject({
      ok: false,
      failure: { reason: 'token_revoked', kind: 'session' },
    })
  })
})

describe('a session', () => {
  it('is kept as digests alone: the database holds no token that could be shown', async () => {
    const first = await opened()
    const second = (await client.refresh(first)).body.refresh_token
    const [row] = await gateway.database.query('select s::text as text from sessions s where id = $1', [
      sessionOf(first),
    ])
    for (const token of [first, second]) expect(row?.['text']).not.toContain(token.slice(36, 64))
  })
})

describe('a change of GUICHET_SECRET', () => {
  const other = 'another test secret of more than thirty-two characters'

  it('keeps tokens good, and retries and parallel refreshes equal on both sides of it', async () => {
    const { database } = gateway
    const before = await opened()
    const lost = (await client.refresh(before)).body.refresh_token
    const changed = await createTestGateway({ database, secrets: [other, testSecret] })
    const unchanged = await createTestGateway({ database, secrets: [testSecret, other] })
    try {
      const [onChanged, onUnchanged] = [changed, unchanged].map((it) => oauthClient(it, client))
      const retried = await onChanged!.refresh(before)
      expect([retried.status, retried.body.refresh_token]).toEqual([200, lost])
      const parallel = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? onChanged! : onUnchanged!).refresh(lost)),
      )
      expect(new Set(parallel.map(({ status }) => status))).toEqual(new Set([200]))
      const successors = new Set(parallel.map(({ body }) => body.refresh_token))
      expect(successors.size).toBe(1)
      expect((await onChanged!.refresh([...successors][0])).status).toBe(200)
      expect((await onChanged!.refresh(before)).body.error).toBe('invalid_grant')
    } finally {
      await changed.close()
      await unchanged.close()
    }
  })

  it('is no theft to an instance that has not heard of the new secret yet', async () => {
    const { database } = gateway
    const changed = await createTestGateway({ database, secrets: [other, testSecret] })
    try {
      const token = await opened()
      const onChanged = oauthClient(changed, client)
      const second = (await onChanged.refresh(token)).body.refresh_token
      const third = (await onChanged.refresh(second)).body.refresh_token
      expect((await client.refresh(third)).body.error).toBe('invalid_grant')
      expect((await onChanged.refresh(third)).status).toBe(200)
    } finally {
      await changed.close()
    }
  })
})
