import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { hostileBodies, hostileTexts } from './malformed-requests.ts'

let gateway: TestGateway
let token: string
let clientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  token = await gateway.accessToken()
  const { body } = await gateway.call('GET', '/api/v1/clients', { token })
  clientId = body.data.items[0].id
})

afterEach(() => expect(gateway.faults.splice(0)).toEqual([]))
afterAll(() => gateway.close())

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url')
const counts = () =>
  gateway.database.query(
    'select (select count(*)::int from clients) c, (select count(*)::int from api_keys) k',
  )

describe('a cursor that no answer ever gave', () => {
  it.each([
    ['no base64url', '!!!'],
    ['an empty text', ''],
    ['no separator', encode('2026-01-01T00:00:00Z')],
    ['no time', encode('|x')],
    ['an id that is none of ours', encode('2026-01-01T00:00:00.000Z|x')],
    ['an id with a NUL', encode('2026-01-01T00:00:00.000Z|\u0000')],
    ['an id with SQL', encode("2026-01-01T00:00:00.000Z|' or 1=1 --")],
    [
      'a time before the calendar',
      encode('-000001-01-01T00:00:00.000Z|7c9e6679-7425-40de-944b-e07fc1f90ae7'),
    ],
    ['a time after the calendar', encode('+275760-09-13T00:00:00.000Z|7c9e6679-7425-40de-944b-e07fc1f90ae7')],
    ['a time in words', encode('1 January 2026|7c9e6679-7425-40de-944b-e07fc1f90ae7')],
    ['invalid UTF-8', encode(Uint8Array.from([0xff, 0xfe, 0x7c, 0x30]))],
    ['400 characters', 'A'.repeat(400)],
    ['401 characters', 'A'.repeat(401)],
  ])('is refused or finds nothing wrong, and breaks nothing: %s', async (_, cursor) => {
    for (const path of ['/api/v1/clients', `/api/v1/clients/${clientId}/keys`]) {
      const { status, body } = await gateway.call('GET', `${path}?cursor=${encodeURIComponent(cursor)}`, {
        token,
      })
      expect([path, status, body.error?.code]).toEqual(
        status === 200 ? [path, 200, undefined] : [path, 400, 'invalid_request'],
      )
    }
  })
})

describe('the management calls', () => {
  it.each([
    '9999-12-31T23:59:59-23:59',
    '9999-12-31T24:00:00Z',
    '+010000-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '0000-01-01T00:00:00+23:59',
    '2026-02-30T00:00:00Z',
    '2026-06-30T23:59:60Z',
    '2027-01-01T00:00:00',
    '2027-01-01',
    '1e400',
    'infinity',
    'epoch',
  ])('refuse a key that expires at %s', async (expires_at) => {
    const { status, body } = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, {
      token,
      json: { name: 'x', expires_at },
    })
    expect([status, body.error?.code]).toEqual([400, 'invalid_request'])
  })

  it('refuse every malformed body, and make nothing of it', async () => {
    const before = await counts()
    for (const path of ['/api/v1/clients', `/api/v1/clients/${clientId}/keys`]) {
      for (const { name, body } of hostileBodies) {
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
        const request = new Request(`http://gateway.test${path}`, { method: 'POST', headers, body })
        const { status } = await gateway.answer(request)
        expect([name, status >= 400 && status < 500]).toEqual([name, true])
      }
    }
    expect(await counts()).toEqual(before)
  })

  it.each<[object]>([
    [{ userId: 'root' }],
    [{ client_id: 'root' }],
    [{ owner: 'root' }],
    [{ id: '00000000-0000-4000-8000-000000000000' }],
    [{ api_key: 'gk_mine' }],
    [{ digest: 'x' }],
    [{ version: 0 }],
    [{ revoked_at: null }],
    [{ created_at: '2020-01-01T00:00:00Z' }],
    [{ rateLimit: 1_000_000 }],
    [{ remaining: 1_000_000 }],
    [{ constructor: {} }],
    [{ '': 1 }],
  ])('refuse a field that is not theirs to set: %j', async (extra) => {
    const before = await counts()
    for (const path of ['/api/v1/clients', `/api/v1/clients/${clientId}/keys`]) {
      const json = { name: crypto.randomUUID(), ...extra }
      expect((await gateway.call('POST', path, { token, json })).status).toBe(400)
      expect((await gateway.call('POST', path, { json })).status).toBe(401)
    }
    expect(await counts()).toEqual(before)
  })

  it('take or refuse every odd name and id, and break on none', async () => {
    for (const text of hostileTexts('gk_abc')) {
      const made = await gateway.call('POST', '/api/v1/clients', { token, json: { name: text } })
      expect([text, [201, 400, 409].includes(made.status)]).toEqual([text, true])
      const permitted = await gateway.call('POST', '/api/v1/clients', {
        token,
        json: { name: crypto.randomUUID(), permissions: [text] },
      })
      expect([text, [201, 400].includes(permitted.status)]).toEqual([text, true])
      const id = encodeURIComponent(text.toWellFormed()) || 'x'
      for (const path of [`/api/v1/keys/${id}`, `/api/v1/clients/${id}/keys`]) {
        const { status } = await gateway.call('DELETE', path, { token })
        expect([path, [400, 404, 405].includes(status)]).toEqual([path, true])
      }
    }
  })

  it('let nobody give what they do not hold', async () => {
    const json = { name: 'lesser', permissions: ['keys:write', 'orders:*'] }
    const lesser = await gateway.call('POST', '/api/v1/clients', { token, json })
    const issued = await gateway.call('POST', `/api/v1/clients/${lesser.body.data.id}/keys`, {
      token,
      json: { name: 'one' },
    })
    const poor = await gateway.accessToken(issued.body.data.api_key)
    const tries: readonly (readonly [string, object, number])[] = [
      ['/api/v1/clients', { name: 'a', permissions: ['*'] }, 403],
      ['/api/v1/clients', { name: 'b', permissions: ['keys:*'] }, 403],
      ['/api/v1/clients', { name: 'c', permissions: ['orders'] }, 403],
      ['/api/v1/clients', { name: 'd', permissions: ['ordersx:read'] }, 403],
      [`/api/v1/clients/${clientId}/keys`, { name: 'e' }, 403],
      [`/api/v1/clients/${clientId}/keys`, { name: 'f', permissions: ['*'] }, 403],
      [`/api/v1/clients/${lesser.body.data.id}/keys`, { name: 'g', permissions: ['*'] }, 400],
      ['/api/v1/clients', { name: 'h', permissions: ['orders:read', 'orders:*'] }, 201],
    ]
    for (const [path, body, status] of tries) {
      const answer = await gateway.call('POST', path, { token: poor, json: body })
      expect([path, body, answer.status]).toEqual([path, body, status])
    }
    expect((await gateway.call('GET', '/api/v1/clients', { token: poor })).status).toBe(403)
  })
})
