import { decodeJwt } from 'jose'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { keptSessionId } from '../../../src/core/tokens/kept-sessions.ts'
import { createAuditLinker } from '../../../src/runtime/audit-upkeep.ts'
import { basic } from '../../support/call.ts'
import { codeOf, type DegradedStage, openDegradedStage, type StageKey } from '../../support/degraded-stage.ts'

let stage: DegradedStage

beforeAll(async () => {
  stage = await openDegradedStage({ degradedExchangeSeconds: 3600 })
})

beforeEach(async () => {
  await stage.mend()
  await stage.writeBack()
  await stage.hear(stage.cut)
  stage.pass(1)
})

afterAll(() => stage.close())

interface Pair {
  readonly access: string
  readonly refresh: string
  readonly sessionId: string
}

/** Exchanges a key that was seen, from memory; the way to the database is cut from then on. */
async function fromMemory({ apiKey }: Pick<StageKey, 'apiKey'>): Promise<Pair> {
  await stage.cutOff()
  const answer = await stage.exchange(apiKey)
  expect(answer.body).toMatchObject({ meta: { degraded: true } })
  const { access, refresh } = answer.body.data
  return { access, refresh, sessionId: String(decodeJwt(access)['sid']) }
}

async function aSeenKey(wanted: object = {}): Promise<StageKey> {
  const key = await stage.aKey(wanted)
  expect((await stage.exchange(key.apiKey)).status).toBe(200)
  return key
}

async function writtenBack(): Promise<void> {
  await stage.mend()
  await stage.writeBack()
  expect(stage.cut.memory.keptSessions.size()).toBe(0)
}

const told = (sessionId: string) =>
  stage.database.query(
    'select kind, reason, details from audit_events where session_id = $1 order by at, kind',
    [sessionId],
  )
const sessionRow = async (sessionId: string) =>
  (await stage.database.query('select revoked_at, key_id from sessions where id = $1', [sessionId]))[0]

describe('a session that was opened from memory', () => {
  it('is written when the database is back, with the event that tells of it, and is then as any other', async () => {
    const key = await aSeenKey()
    const pair = await fromMemory(key)
    stage.pass(30)
    await writtenBack()
    expect(await told(pair.sessionId)).toEqual([
      {
        kind: 'exchange',
        reason: null,
        details: { token_id: decodeJwt(pair.access).jti, degraded: true },
      },
    ])
    expect(await sessionRow(pair.sessionId)).toEqual({ revoked_at: null, key_id: key.id })
    for (const at of [stage.cut, stage.whole]) {
      expect([await stage.me(pair.access, at), await stage.refresh(pair.refresh, at)]).toEqual(['200', '200'])
    }
  })

  it('is written once, and stands in the chain of the audit log in the order of the exchanges', async () => {
    const key = await aSeenKey()
    const pairs: Pair[] = []
    for (let round = 0; round < 5; round++) {
      stage.pass(1)
      pairs.push(await fromMemory(key))
    }
    await stage.mend()
    await Promise.all([stage.writeBack(), stage.writeBack()])
    await stage.writeBack()
    const ids = pairs.map(({ sessionId }) => sessionId)
    await createAuditLinker(pino({ level: 'silent' }))(stage.whole.world)
    const rows = await stage.database.query(
      "select session_id from audit_events where session_id = any($1) and kind = 'exchange' order by seq",
      [ids],
    )
    expect(rows.map(({ session_id }) => session_id)).toEqual(ids)
    expect(await stage.whole.service.verifyAuditChain(undefined)).toMatchObject({ problem: undefined })
  })

  it('waits on while the database is away', async () => {
    const key = await aSeenKey()
    await fromMemory(key)
    await expect(stage.writeBack()).rejects.toMatchObject({ name: 'StoreUnavailableError' })
    expect(stage.cut.memory.keptSessions.size()).toBe(1)
    await writtenBack()
  })

  it('is written though another one cannot be', async () => {
    const key = await aSeenKey()
    const pair = await fromMemory(key)
    const { keptSessions } = stage.cut.memory
    const good = keptSessions.find(pair.sessionId)!
    const id = crypto.randomUUID()
    const event = { ...good.event, id: crypto.randomUUID(), target: 'a\u0000b' }
    keptSessions.keep({ ...good, session: { ...good.session, id }, event })
    await stage.mend()
    await expect(stage.writeBack()).rejects.toMatchObject({ name: 'StoreError' })
    expect(keptSessions.all().map(({ session }) => session.id)).toEqual([id])
    expect(await stage.refresh(pair.refresh)).toBe('200')
    keptSessions.settle(id, 'ended')
  })

  it('keeps what was asked for: it is no wider at its refresh', async () => {
    const { apiKey } = await aSeenKey()
    await stage.cutOff()
    const narrow = await stage.cut.call('POST', '/api/v1/auth/token/', {
      json: { apiKey, permissions: ['orders:read'] },
    })
    await writtenBack()
    const renewed = await stage.whole.call('POST', '/api/v1/auth/token/refresh/', {
      json: { refresh: narrow.body.data.refresh },
    })
    expect(decodeJwt(renewed.body.data.access)['scope']).toBe('orders:read')
  })
})

describe('the refresh of a session that is not written yet', () => {
  it('is 503 while the database is away', async () => {
    const pair = await fromMemory(await aSeenKey())
    expect(await stage.refresh(pair.refresh)).toBe('503 service_unavailable')
  })

  it('writes it first where it waits, so that no client is told that it never was', async () => {
    const pair = await fromMemory(await aSeenKey())
    await stage.mend()
    expect(stage.cut.memory.keptSessions.size()).toBe(1)
    expect(await stage.refresh(pair.refresh)).toBe('200')
    expect(stage.cut.memory.keptSessions.size()).toBe(0)
  })

  it('is 503 at another instance for an hour, and then unknown', async () => {
    const lone = await openDegradedStage({ degradedExchangeSeconds: 3600 })
    try {
      const { apiKey } = await lone.aKey()
      await lone.exchange(apiKey)
      await lone.cutOff()
      const { refresh } = (await lone.exchange(apiKey)).body.data
      const answer = await lone.whole.call('POST', '/api/v1/auth/token/refresh/', { json: { refresh } })
      expect([codeOf(answer), answer.headers.get('retry-after')]).toEqual(['503 session_unwritten', '2'])
      lone.pass(3599)
      expect(await lone.refresh(refresh, lone.whole)).toBe('503 session_unwritten')
      lone.pass(1)
      expect(await lone.refresh(refresh, lone.whole)).toBe('401 invalid_refresh_token')
      await lone.mend()
      await lone.writeBack()
      expect(await lone.refresh(refresh, lone.whole)).toBe('200')
    } finally {
      await lone.close()
    }
  })

  it('is 503 at /oauth2 too, as are its introspection and its revocation, until they are true', async () => {
    const { apiKey, clientId } = await aSeenKey()
    await stage.cutOff()
    const headers = { Authorization: basic(clientId, apiKey) }
    const post = (path: string, form: Record<string, string>, at = stage.whole) =>
      at.call('POST', `/oauth2/${path}`, { form, headers })
    const { body } = await post(
      'token',
      { grant_type: 'client_credentials', scope: 'offline_access' },
      stage.cut,
    )
    const token = body.refresh_token
    const refreshing = { grant_type: 'refresh_token', refresh_token: token }
    for (const [path, form] of [
      ['token', refreshing],
      ['introspect', { token }],
      ['revoke', { token }],
    ] as const) {
      const answer = await post(path, form)
      expect([path, answer.status, answer.body.error]).toEqual([path, 503, 'temporarily_unavailable'])
    }
    await stage.mend()
    expect((await post('introspect', { token }, stage.cut)).body).toMatchObject({ active: true })
    const rotated = await post('token', refreshing)
    expect(rotated.status).toBe(200)
    expect((await post('revoke', { token: rotated.body.refresh_token })).status).toBe(200)
    expect((await post('introspect', { token: rotated.body.refresh_token })).body).toEqual({ active: false })
  })
})

describe('the end of a session that is not written yet', () => {
  it('is asked for again at another instance, and done where the session waits', async () => {
    const pair = await fromMemory(await aSeenKey())
    expect(codeOf(await stage.asAdmin('DELETE', `/sessions/${pair.sessionId}`))).toBe('503 session_unwritten')
    await stage.mend()
    const token = await stage.whole.accessToken()
    const ended = await stage.cut.call('DELETE', `/api/v1/sessions/${pair.sessionId}`, { token })
    expect(ended.status).toBe(200)
    expect([await stage.me(pair.access), await stage.refresh(pair.refresh)]).toEqual([
      '401 token_revoked',
      '401 session_revoked',
    ])
  })
})

describe('an id that looks like one of a session that is not written yet', () => {
  it('is awaited for an hour and not for ever, whatever time it tells', async () => {
    const end = async (id: string) => codeOf(await stage.asAdmin('DELETE', `/sessions/${id}`))
    const idAt = (seconds: number) =>
      keptSessionId(crypto.randomUUID(), new Date(stage.whole.world.now().getTime() + seconds * 1000))
    expect([await end(idAt(-3600)), await end(idAt(-3599))]).toEqual([
      '404 session_not_found',
      '503 session_unwritten',
    ])
    expect([await end(idAt(3600)), await end(idAt(50 * 365 * 86_400))]).toEqual([
      '404 session_not_found',
      '404 session_not_found',
    ])
    expect(await end('ffffffff-ffff-8fff-bfff-ffffffffffff')).toBe('404 session_not_found')
  })
})

describe('a key that changed elsewhere before it was exchanged from memory', () => {
  /** Changes the key at the other instance, unheard, and exchanges it a second later. */
  async function changedBefore(change: (key: StageKey) => Promise<unknown>): Promise<Pair> {
    const key = await aSeenKey()
    await stage.cutOff()
    await change(key)
    stage.pass(1)
    return fromMemory(key)
  }

  const update = (json: object) => (key: StageKey) => stage.asAdmin('PATCH', `/keys/${key.id}`, json)
  const revoke = (key: StageKey) => stage.asAdmin('DELETE', `/keys/${key.id}`)

  it.each([
    ['revoked', 'api_key_revoked', revoke],
    ['disabled', 'api_key_disabled', (key: StageKey) => stage.asAdmin('POST', `/keys/${key.id}/disable`)],
    ['purged', 'key_not_found', (key: StageKey) => stage.asAdmin('DELETE', `/keys/${key.id}?purge=true`)],
    ['narrowed', 'permissions_not_held', update({ permissions: ['orders:read'] })],
  ])(
    'and was %s leaves its session ended and its tokens dead, on every instance',
    async (_, reason, change) => {
      const pair = await changedBefore(change)
      // Nobody knows better yet: this is what is traded.
      expect(await stage.me(pair.access)).toBe('200')
      await writtenBack()
      await stage.hear(stage.whole)
      for (const at of [stage.cut, stage.whole]) {
        expect(await stage.me(pair.access, at)).toBe('401 token_revoked')
        expect(await stage.refresh(pair.refresh, at)).toMatch(/^401 /)
      }
      expect((await sessionRow(pair.sessionId))?.['revoked_at']).not.toBeNull()
      expect(await told(pair.sessionId)).toMatchObject([
        { kind: 'exchange', details: { degraded: true } },
        { kind: 'session.end', reason },
      ])
    },
  )

  it('and lost permissions would else keep a token that the cut-off of its key does not reach', async () => {
    const pair = await changedBefore(update({ permissions: ['orders:read'] }))
    await stage.hear(stage.whole)
    expect(await stage.me(pair.access, stage.whole)).toBe('200')
    await writtenBack()
    await stage.hear(stage.whole)
    expect(await stage.me(pair.access, stage.whole)).toBe('401 token_revoked')
  })

  it.each([
    ['renamed', update({ name: 'another' })],
    ['given more', update({ permissions: ['orders:read', 'orders:write'], metadata: { more: true } })],
    ['given a limit', update({ rate_limit: { limit: 1000, window_seconds: 60 } })],
    [
      'disabled and enabled again',
      async (key: StageKey) => {
        await stage.asAdmin('POST', `/keys/${key.id}/disable`)
        await stage.asAdmin('POST', `/keys/${key.id}/enable`)
      },
    ],
  ])('and was %s, but is good, has its session opened', async (_, change) => {
    const pair = await changedBefore(change)
    await writtenBack()
    await stage.hear(stage.whole)
    for (const at of [stage.cut, stage.whole]) {
      expect([await stage.me(pair.access, at), await stage.refresh(pair.refresh, at)]).toEqual(['200', '200'])
    }
  })
})

describe('a client that was cut off', () => {
  it('after an exchange from memory has its tokens ended with all others', async () => {
    const key = await aSeenKey()
    const pair = await fromMemory(key)
    stage.pass(1)
    await stage.asAdmin('POST', `/clients/${key.clientId}/cut-off`)
    await writtenBack()
    await stage.hear(stage.cut)
    expect([await stage.me(pair.access), await stage.refresh(pair.refresh)]).toEqual([
      '401 token_revoked',
      '401 session_revoked',
    ])
  })
})
