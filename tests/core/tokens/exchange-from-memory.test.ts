import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { apiKeyForm } from '../../../src/core/keys/api-key.ts'
import { formatCredential, parseCredential } from '../../../src/core/keys/credential-text.ts'
import { createKeptSessions } from '../../../src/core/tokens/kept-sessions.ts'
import { hear } from '../../../src/runtime/synchronize.ts'
import { basic } from '../../support/call.ts'
import { codeOf, type DegradedStage, openDegradedStage, type StageKey } from '../../support/degraded-stage.ts'
import { aPassword, aPerson, signedIn, withRole } from '../../support/people.ts'

const SECONDS = 120

let stage: DegradedStage

beforeAll(async () => {
  stage = await openDegradedStage({ degradedExchangeSeconds: SECONDS })
})

beforeEach(async () => {
  await stage.mend()
  await stage.writeBack()
  stage.pass(1)
})

afterAll(() => stage.close())

/** A key that the instance has exchanged a moment ago. */
async function aSeenKey(wanted: object = {}): Promise<StageKey> {
  const key = await stage.aKey(wanted)
  expect((await stage.exchange(key.apiKey)).status).toBe(200)
  return key
}

const exchanged = async (apiKey: string) => codeOf(await stage.exchange(apiKey))
const unavailable = '503 service_unavailable'

describe('an exchange while the database is away', () => {
  it('is 503 where the operator does not allow it', async () => {
    const strict = await openDegradedStage({})
    try {
      const { apiKey } = await strict.aKey()
      expect((await strict.exchange(apiKey)).status).toBe(200)
      await strict.cutOff()
      expect(codeOf(await strict.exchange(apiKey))).toBe(unavailable)
      expect(strict.cut.memory.keptSessions.size()).toBe(0)
    } finally {
      await strict.close()
    }
  })

  it('gives the usual pair for a key that was seen, and says so in its meta, its header and its request line', async () => {
    const { apiKey, id } = await aSeenKey()
    await stage.cutOff()
    const answer = await stage.exchange(apiKey)
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.body.data).sort()).toEqual(
      ['access', 'access_expire', 'refesh_expire', 'refresh', 'refresh_expire', 'token_type'].sort(),
    )
    expect(answer.body.meta).toMatchObject({ degraded: true })
    expect([answer.headers.get('guichet-degraded'), answer.headers.get('cache-control')]).toEqual([
      'true',
      'no-store',
    ])
    expect(stage.cut.requestLines.at(-1)).toMatchObject({ status: 200, keyId: id, degraded: true })
    expect(await stage.me(answer.body.data.access)).toBe('200')
    expect(decodeJwt(answer.body.data.access)).toMatchObject({ key_id: id })
  })

  it('says nothing of the kind while the database answers', async () => {
    const { apiKey } = await aSeenKey()
    const answer = await stage.exchange(apiKey)
    expect(answer.body.meta).not.toHaveProperty('degraded')
    expect(answer.headers.get('guichet-degraded')).toBeNull()
    expect(stage.cut.requestLines.at(-1)?.degraded).toBeUndefined()
  })

  it('says so at /oauth2 by its header, where the body has no room', async () => {
    const { apiKey, clientId } = await aSeenKey()
    await stage.cutOff()
    const answer = await stage.cut.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials', scope: 'orders:read offline_access' },
      headers: { Authorization: basic(clientId, apiKey) },
    })
    expect([answer.status, answer.headers.get('guichet-degraded')]).toEqual([200, 'true'])
    expect(Object.keys(answer.body)).not.toContain('degraded')
    expect(answer.body).toMatchObject({ scope: 'orders:read', refresh_token: expect.any(String) })
  })

  it('is as narrow as it was asked for', async () => {
    const { apiKey } = await aSeenKey()
    await stage.cutOff()
    const narrow = await stage.cut.call('POST', '/api/v1/auth/token/', {
      json: { apiKey, permissions: ['orders:read'] },
    })
    expect(decodeJwt(narrow.body.data.access)['scope']).toBe('orders:read')
    const wide = await stage.cut.call('POST', '/api/v1/auth/token/', { json: { apiKey, permissions: ['*'] } })
    expect([wide.status, wide.body.error?.code]).toEqual([403, 'permissions_not_held'])
  })

  it('is one answer to an unknown key, an unseen one and a wrong secret', async () => {
    const { apiKey } = await aSeenKey()
    const unseen = await stage.aKey()
    const { cut } = stage
    const wrongSecret = mistaken(apiKey)
    await stage.cutOff()
    const asked = [unseen.apiKey, wrongSecret, mistaken(unseen.apiKey)]
    for (const text of asked) expect(await exchanged(text)).toBe(unavailable)
    expect(cut.memory.keptSessions.size()).toBe(0)
    expect(await exchanged(apiKey)).toBe('200')
  })

  it('is refused to a canary as to an unknown key', async () => {
    const canary = await stage.aKey({ canary: true })
    expect(await exchanged(canary.apiKey)).toBe('401 invalid_api_key')
    await stage.cutOff()
    expect(await exchanged(canary.apiKey)).toBe(unavailable)
  })

  it.each([
    ['a rate limit', { rate_limit: { limit: 100, window_seconds: 60 } }],
    ['a quota', { quota: 100 }],
  ])('is 503 for a key with %s, whose calls nobody can count', async (_, limit) => {
    const { apiKey } = await aSeenKey(limit)
    await stage.cutOff()
    expect(await exchanged(apiKey)).toBe(unavailable)
  })
})

describe('what is known of a key', () => {
  it('counts for as long as the operator says, and no longer', async () => {
    const { apiKey } = await aSeenKey()
    await stage.cutOff()
    stage.pass(SECONDS)
    expect(await exchanged(apiKey)).toBe('200')
    stage.pass(1)
    expect(await exchanged(apiKey)).toBe(unavailable)
  })

  it('is confirmed by each exchange and each refresh', async () => {
    const { apiKey } = await stage.aKey()
    const { refresh } = (await stage.exchange(apiKey)).body.data
    // Not so long that the record would be read again.
    stage.pass(50)
    expect(await exchanged(apiKey)).toBe('200')
    await stage.cutOff()
    stage.pass(SECONDS)
    expect(await exchanged(apiKey)).toBe('200')

    const { apiKey: other } = await stage.aKey()
    await stage.mend()
    const pair = (await stage.exchange(other)).body.data
    stage.pass(50)
    expect([await stage.refresh(refresh), await stage.refresh(pair.refresh)]).toEqual(['200', '200'])
    await stage.cutOff()
    stage.pass(SECONDS)
    expect(await exchanged(other)).toBe('200')
  })

  it('counts for nothing when the clock has stepped back behind it', async () => {
    const { apiKey } = await aSeenKey()
    await stage.cutOff()
    stage.pass(-10)
    expect(await exchanged(apiKey)).toBe(unavailable)
    stage.pass(10)
    expect(await exchanged(apiKey)).toBe('200')
  })

  it('counts for nothing while revocations have been unknown for too long', async () => {
    const longer = await openDegradedStage({ degradedExchangeSeconds: 86_400, revocationsStaleSeconds: 60 })
    try {
      const { apiKey } = await longer.aKey()
      await longer.exchange(apiKey)
      await longer.cutOff()
      longer.cut.passUnheard(60)
      expect(codeOf(await longer.exchange(apiKey))).toBe('200')
      longer.cut.passUnheard(1)
      expect(codeOf(await longer.exchange(apiKey))).toBe(unavailable)
    } finally {
      await longer.close()
    }
  })

  it.each([
    ['revoked', 'DELETE', ''],
    ['disabled', 'POST', '/disable'],
  ])('to be %s is honoured, however it was heard', async (_, method, path) => {
    const { apiKey, id } = await aSeenKey()
    await stage.asAdmin(method, `/keys/${id}${path}`)
    await stage.hear(stage.cut)
    await stage.cutOff()
    expect((await stage.exchange(apiKey)).status).not.toBe(200)
  })

  it('to have changed is honoured, though nobody can say how', async () => {
    const { apiKey, id } = await aSeenKey()
    await stage.cutOff()
    await hear({ type: 'key', id }, stage.cut)
    expect(await exchanged(apiKey)).toBe(unavailable)
  })

  it('to have run out is a refusal as ever', async () => {
    const soon = new Date(stage.cut.world.now().getTime() + 30_000).toISOString()
    const { apiKey } = await aSeenKey({ expires_at: soon })
    await stage.cutOff()
    stage.pass(29)
    expect(await exchanged(apiKey)).toBe('200')
    stage.pass(2)
    expect((await stage.exchange(apiKey)).status).not.toBe(200)
  })

  it('of somebody is as good as what is known of its owner', async () => {
    const ada = await aPerson(stage.whole)
    await withRole(stage.whole, ada, ['keys:own', 'orders:*'])
    const { access } = await signedIn(stage.whole, ada)
    const own = await stage.whole.call('POST', '/api/v1/me/keys', {
      token: access,
      json: { name: 'laptop', password: aPassword, permissions: ['orders:read'] },
    })
    const { api_key: apiKey } = own.body.data
    expect(await exchanged(apiKey)).toBe('200')
    await stage.cutOff()
    expect(await exchanged(apiKey)).toBe('200')
    stage.cut.memory.people.forgetAll()
    expect(await exchanged(apiKey)).toBe(unavailable)
  })
})

describe('the memory for sessions that wait', () => {
  it('has an end, beyond which exchanges are 503', async () => {
    const small = await openDegradedStage({ degradedExchangeSeconds: SECONDS })
    Object.assign(small.cut.memory, { keptSessions: createKeptSessions({ max: 2 }) })
    try {
      const { apiKey } = await small.aKey()
      await small.exchange(apiKey)
      await small.cutOff()
      const answers = []
      for (let round = 0; round < 3; round++) answers.push(codeOf(await small.exchange(apiKey)))
      expect(answers).toEqual(['200', '200', unavailable])
      await small.mend()
      await small.writeBack()
      expect(small.cut.memory.keptSessions.counts()).toEqual({ kept: 2, opened: 2, ended: 0 })
    } finally {
      await small.close()
    }
  })
})

/** The key with another secret, its checksum made right: a guess that only its digest can tell. */
function mistaken(apiKey: string): string {
  const parts = parseCredential(apiKey, apiKeyForm)
  if (parts === undefined) throw new Error('Not a key.')
  return formatCredential({ ...parts, secret: parts.secret.split('').toReversed().join('') })
}
