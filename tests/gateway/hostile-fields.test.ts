import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type AttackedGateway,
  last,
  spell,
  startAttackedGateway,
  statuses,
} from '../support/attacked-gateway.ts'

let attacked: AttackedGateway

beforeAll(async () => {
  attacked = await startAttackedGateway()
})

afterAll(() => attacked?.close())

beforeEach(() => {
  attacked.upstream.seen.length = 0
})

const sawName = (name: string) =>
  attacked.upstream.seen
    .at(-1)
    ?.fields.filter(([it]) => it === name)
    .map(([, value]) => value)

describe('fields', () => {
  const get = (path: string, fields: readonly string[]) =>
    attacked.send(spell(`GET ${path} HTTP/1.1`, ['Host: a.test', 'Connection: close', ...fields]))

  it.each([
    'X-Auth-Subject',
    'x_auth_subject',
    'X.Auth.Subject',
    'X-Auth_Subject',
    'X!Auth~Subject',
    'X-AUTH-SCOPE',
    'X_Request_Id',
    'X-Forwarded-For',
    'X_Forwarded_Host',
    'X.Forwarded.Proto',
    'X-Forwarded-User',
    'X-Forwarded',
    'Forwarded',
    'Forwarded-For',
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Host',
    'X-Original-URL',
    'X-Rewrite-URL',
    'Proxy-Authorization',
    'Proxy-Connection',
    'Keep-Alive',
    'TE',
    'Upgrade',
    'HTTP2-Settings',
    'Trailer',
    'X-Env',
    'X_Env',
    'X_Gone',
    'X-Gone',
    'Authorization_',
    'X_API_Key',
  ])('cannot say %s for themselves', async (name) => {
    await get('/secret/1', [attacked.bearer, `${name}: root`])
    const told = attacked.upstream.seen[0]!.fields.filter(([, value]) => value.includes('root'))
    expect(told).toEqual(name === 'Authorization_' ? [['authorization_', 'root']] : [])
  })

  it('that Connection lists take nothing of ours with them', async () => {
    const listed =
      'close, X-Auth-Subject, X-Auth-Key-Id, X-Request-Id, X-Forwarded-For, Forwarded, Via, Host, Content-Length, X-Mine'
    const fields = [
      'Host: a.test',
      attacked.bearer,
      `Connection: ${listed}`,
      'X-Mine: 1',
      'Content-Length: 2',
    ]
    await attacked.send(spell('POST /posts/1 HTTP/1.1', fields, '\r\n\r\nab'))
    expect(attacked.upstream.seen[0]?.body).toBe('ab')
    for (const name of [
      'x-auth-subject',
      'x-auth-key-id',
      'x-request-id',
      'x-forwarded-for',
      'forwarded',
      'via',
      'host',
    ])
      expect([name, sawName(name)]).toEqual([name, [expect.stringMatching(/./)]])
    expect(sawName('x-mine')).toEqual([])
  })

  it('that Connection lists are not the credential: it is judged before', async () => {
    const answers = await get('/secret/1', [attacked.bearer, 'Connection: Authorization'])
    expect(statuses(answers)).toEqual([200])
    expect(statuses(await get('/secret/1', ['Connection: Authorization']))).toEqual([401])
  })

  it.each([
    ['two tokens', ['Authorization: Bearer a', 'Authorization: Bearer b']],
    ['a token and another', ['Authorization: Bearer a, Bearer b']],
    ['a token and a stranger scheme', ['Authorization: Basic YTpi']],
    ['an alias', ['Authorization_: Bearer a', 'Proxy-Authorization: Bearer a']],
  ])('are no credential: %s', async (_, fields) => {
    const answers = await get(
      '/secret/1',
      fields.map((field) => field.replace('Bearer a', `Bearer ${attacked.token}`)),
    )
    expect([400, 401]).toContain(answers[0]?.status)
    expect(attacked.upstream.seen).toEqual([])
  })

  it('hand on the credential that was judged, in its one spelling, and one Authorization alone', async () => {
    const { apiKey } = await attacked.gateway.key(['orders:read'])
    await get('/keys/1', [`X-API-Key: ${apiKey}`, 'X_API_Key: other', 'X.Api.Key: other'])
    expect(
      attacked.upstream.seen[0]?.fields.filter(([name]) => name.includes('key') && name.includes('api')),
    ).toEqual([['x-api-key', apiKey]])
    await get('/told/1', [attacked.bearer])
    expect(sawName('authorization')).toEqual([expect.not.stringContaining(attacked.token)])
  })

  it.each([
    ['two Hosts', ['Host: a.test', 'Host: inner.test'], 400],
    ['a Host with a user', ['Host: x@inner.test'], 400],
    ['a port that is none', ['Host: inner.test:x'], 400],
    ['two dots', ['Host: inner.test..'], 400],
    ['a list', ['Host: inner.test, a.test'], 400],
    ['another case and a dot', ['Host: INNER.test.:80'], 403],
    ['another name for a stranger peer', ['Host: a.test', 'X-Forwarded-Host: inner.test'], 200],
    ['its own name, and another from a stranger peer', ['Host: inner.test', 'X-Forwarded-Host: a.test'], 403],
  ])('name the host that rules are found by: %s', async (_, hosts, status) => {
    const answers = await attacked.send(
      spell('GET /host/1 HTTP/1.1', [...hosts, attacked.bearer, 'Connection: close']),
    )
    expect([statuses(answers), attacked.upstream.seen.length]).toEqual([[status], status === 200 ? 1 : 0])
  })

  it('of an answer follow one policy for pages, and never two', async () => {
    const allowed = async (origin: string) => {
      const [answer] = await get('/x', [`Origin: ${origin}`])
      return ['origin', 'credentials'].map((name) => answer?.headers.get(`access-control-allow-${name}`))
    }
    expect(await allowed('https://page.test')).toEqual(['https://page.test', undefined])
    for (const origin of ['https://evil.test', 'null', 'https://page.test.evil', 'http://page.test'])
      expect([origin, ...(await allowed(origin))]).toEqual([origin, undefined, undefined])
  })

  it('offer no other protocol but WebSocket', async () => {
    const offers = ['h2c', 'TLS/1.0', 'websocket, h2c', 'HTTP/2.0']
    for (const offer of offers) {
      const fields = [
        'Host: a.test',
        'Connection: Upgrade, HTTP2-Settings',
        `Upgrade: ${offer}`,
        'HTTP2-Settings: AAMAAABkAAQ',
      ]
      const answers = await attacked.send(spell('GET /x HTTP/1.1', fields) + last)
      expect([offer, answers[0]?.status]).toEqual([offer, 200])
    }
    expect(
      attacked.upstream.seen.flatMap(({ fields }) => fields).filter(([name]) => /upgrade|http2/.test(name)),
    ).toEqual([])
    expect(new Set(attacked.seenTargets())).toEqual(new Set(['GET /x']))
  })
})
