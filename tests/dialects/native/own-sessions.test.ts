import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, mailsOf, type PersonSeen, signedIn, type TokensSeen } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let ada: PersonSeen
let bob: PersonSeen
let tokens: TokensSeen
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
})
beforeEach(async () => {
  gateway.comeFrom(`203.0.113.${++site}`)
  ada = await aPerson(gateway)
  bob = await aPerson(gateway)
  tokens = await signedIn(gateway, ada)
})
afterAll(() => gateway.close())

const get = (path: string, token = tokens.access) => gateway.call('GET', `/api/v1/me${path}`, { token })
const sessionsOf = async (token = tokens.access) => (await get('/sessions', token)).body.data.items
const end = (id: string, token = tokens.access) =>
  gateway.call('DELETE', `/api/v1/me/sessions/${id}`, { token })

describe('the own sessions', () => {
  it('are listed with where they come from, and say which one asks', async () => {
    gateway.pass(60)
    gateway.comeFrom('198.51.100.7')
    const later = await signedIn(gateway, ada)
    const seen = await sessionsOf()
    expect(seen).toHaveLength(2)
    expect(seen[0]).toMatchObject({ address: '198.51.100.7', aal: 1, amr: ['pwd'], current: false })
    expect(seen[1]).toMatchObject({ address: `203.0.113.${site}`, current: true })
    expect((await sessionsOf(later.access))[0].current).toBe(true)
    expect(JSON.stringify(seen)).not.toMatch(/digest/i)
  })

  it('end one by one, with their tokens', async () => {
    const later = await signedIn(gateway, ada)
    const [own] = (await sessionsOf(later.access)).filter(({ current }: { current: boolean }) => current)
    const answer = await end(own.id)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await get('', later.access)).body.error.code).toBe('token_revoked')
    expect((await get('')).status).toBe(200)
    expect((await end(own.id)).body.error.code).toBe('session_not_found')
  })

  it('are nobody else’s to end, nor to know of', async () => {
    const bobs = await signedIn(gateway, bob)
    const [theirs] = await sessionsOf(bobs.access)
    const machines = await gateway.accessToken()
    const { session_id: machine } = (await get('', machines)).body.data
    for (const id of [theirs.id, machine, crypto.randomUUID()]) {
      const refused = await end(id)
      expect([refused.status, refused.body.error.code]).toEqual([404, 'session_not_found'])
    }
    expect((await end('no-id')).status).toBe(422)
    expect((await get('', bobs.access)).status).toBe(200)
    expect((await get('', machines)).status).toBe(200)
  })
})

describe('the own sign-ins', () => {
  it('are paged, the newest first, with those that were refused', async () => {
    for (let time = 0; time < 3; time++) {
      gateway.pass(10)
      await gateway.call('POST', '/api/v1/auth/login', {
        json: { identifier: ada.email, password: 'not the password of it' },
        headers: { 'User-Agent': `agent ${time}` },
      })
    }
    await signedIn(gateway, bob)
    const first = (await get('/sign-ins?limit=2')).body.data
    expect(first.items.map((item: Record<string, string>) => [item['outcome'], item['user_agent']])).toEqual([
      ['wrong', 'agent 2'],
      ['wrong', 'agent 1'],
    ])
    const second = (await get(`/sign-ins?limit=2&cursor=${first.next_cursor}`)).body.data
    expect(second.items.map((item: Record<string, string>) => item['outcome'])).toEqual(['wrong', 'success'])
    expect(second.items[1]).toMatchObject({ method: 'password', address: `203.0.113.${site}` })
    expect(second.next_cursor).toBeNull()
    expect((await get('/sign-ins?cursor=x')).status).toBe(400)
  })
})

describe('a sign-in from a new device', () => {
  const news = async () =>
    (await mailsOf(gateway)).filter(({ to, kind }) => to === ada.email && kind === 'new-device')
  const from = async (address: string, headers: Record<string, string> = {}) => {
    gateway.comeFrom(address)
    const json = { identifier: ada.email, password: ada.password }
    expect((await gateway.call('POST', '/api/v1/auth/login', { json, headers })).status).toBe(200)
  }

  it('is told to the owner once, and the very first one is no news', async () => {
    expect(await news()).toEqual([])
    await from('198.51.100.8', { 'User-Agent': 'Mozilla/5.0 (X11)' })
    await from('198.51.100.8')
    await from(`203.0.113.${site}`)
    expect(await news()).toEqual([
      expect.objectContaining({
        facts: {
          at: gateway.world.now().toISOString(),
          address: '198.51.100.8',
          userAgent: 'Mozilla/5.0 (X11)',
        },
      }),
    ])
  })

  it('is told once of many that come at once, and of one network once', async () => {
    gateway.comeFrom('2001:db8:1:2::3')
    const json = { identifier: ada.email, password: ada.password }
    await Promise.all(Array.from({ length: 4 }, () => gateway.call('POST', '/api/v1/auth/login', { json })))
    await from('2001:db8:1:2:ffff::9')
    expect(await news()).toHaveLength(1)
  })

  it('is told of again after a reset of the password, which knows nobody any more', async () => {
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const token = (await mailsOf(gateway)).findLast(({ kind }) => kind === 'password-reset')?.facts.token
    const password = 'quite another password'
    await gateway.call('POST', '/api/v1/auth/password/reset', { json: { token, password } })
    const rows = await gateway.database.query('select 1 from known_devices where user_id = $1', [ada.id])
    expect(rows).toEqual([])
  })
})

describe('the own data', () => {
  it('is handed out whole, without anything to sign in or sign with', async () => {
    await gateway.call('PATCH', '/api/v1/me', {
      token: tokens.access,
      json: { name: 'Ada', metadata: { note: 'mine' } },
    })
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const bobs = await signedIn(gateway, bob)
    const answer = await get('/export')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { data } = answer.body
    expect(data).toMatchObject({
      user: { id: ada.id, email: ada.email, name: 'Ada', metadata: { note: 'mine' } },
      sessions: [{ address: `203.0.113.${site}` }],
      sign_ins: [{ outcome: 'success' }],
      known_devices: [{ last_seen_at: expect.any(String) }],
      factors: [],
      clients: [],
      keys: [],
    })
    const names = (list: readonly Record<string, string>[], field: string) =>
      list.map((one) => one[field]).sort()
    expect(names(data.mails, 'kind')).toEqual(['email-confirm', 'password-reset'])
    expect(names(data.links, 'purpose')).toEqual(['email-confirm', 'password-reset'])
    expect(names(data.audit_events, 'kind')).toEqual([
      'sign-in',
      'user.email-confirm',
      'user.register',
      'user.update',
    ])
    const [kept] = await gateway.database.query(
      `select password_hash, (select digest from one_time_tokens where user_id = id_user limit 1) as link,
        (select refresh_digest from sessions where user_id = id_user limit 1) as refresh,
        (select digest from known_devices where user_id = id_user limit 1) as device,
        (select sealed_message from mail_outbox where user_id = id_user limit 1) as mail
        from users where id_user = '${ada.id}'`,
    )
    for (const [name, secret] of Object.entries(kept ?? {})) {
      expect([name, typeof secret, answer.text.includes(String(secret))]).toEqual([name, 'string', false])
    }
    expect(answer.text).not.toContain(bob.email)
    expect((await get('/export', bobs.access)).text).not.toContain(ada.email)
  })
})
