import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RawAnswer, rawAnswers } from '../hostile/raw-socket.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

let upstream: RecordingUpstream
let gateway: TestServer
let token: string

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response) => response.end(`hello ${request.url}`))
  gateway = await startTestServer({
    CORS_ORIGINS: 'https://page.test',
    ROUTES: JSON.stringify({
      upstreams: { all: upstream.url },
      routes: [
        { path: '/admin/*', permissions: ['none:such'], upstream: 'all' },
        { path: '/api/*', strip_prefix: '/api', upstream: `${upstream.url}/base` },
        {
          path: '/host/*',
          hosts: ['inner.test'],
          permissions: ['none:such'],
          name: 'inner',
          upstream: 'all',
        },
        { path: '/host/*', upstream: 'all' },
        {
          path: '/secret/*',
          upstream: 'all',
          request_headers: { set: { 'X-Env': 'prod' }, remove: ['X_Gone'] },
        },
        { path: '/keys/*', upstream: 'all', credentials: ['api_key'], pass_credential: true },
        {
          path: '/told/*',
          upstream: 'all',
          pass_credential: true,
          identity_token: { audience: 'https://told' },
        },
        { path: '/posts/*', methods: ['GET', 'POST'], upstream: 'all' },
        // Open to all: what a closed rule above does not take falls here.
        { path: '/*', public: true, upstream: 'all' },
      ],
    }),
  })
  const { apiKey } = await gateway.key(['orders:read'])
  token = await gateway.token(apiKey)
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
})

beforeEach(() => {
  upstream.seen.length = 0
})

const follower = '\r\n\r\nGET /admin/poison HTTP/1.1\r\nHost: a.test\r\n\r\n'
const request = (line: string, fields: readonly string[] = ['Host: a.test'], rest = '\r\n\r\n') =>
  [line, ...fields].join('\r\n') + rest
/** The last one of a connection: what was in doubt before it would be in its way. */
const last = request('GET /last HTTP/1.1', ['Host: a.test', 'Connection: close'])
const seenTargets = () => upstream.seen.map(({ method, target }) => `${method} ${target}`)
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status)
const send = (bytes: string | Buffer | ((socket: Socket) => void)) => rawAnswers(gateway.url, bytes)
const bearer = () => `Authorization: Bearer ${token}`
const sawName = (name: string) =>
  upstream.seen
    .at(-1)
    ?.fields.filter(([it]) => it === name)
    .map(([, value]) => value)

describe('a request whose end is in doubt', () => {
  const post = (fields: readonly string[], body: string) =>
    request('POST /posts/1 HTTP/1.1', ['Host: a.test', bearer(), ...fields], `\r\n\r\n${body}`)
  const smuggled = 'GET /admin/smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'

  it.each([
    ['CL.TE', ['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'],
    ['TE.CL', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `5c\r\n${smuggled}\r\n0\r\n\r\n`],
    ['TE.TE', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], '0\r\n\r\n'],
    ['an unknown coding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['a coding before chunks', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
    ['chunks before a coding', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'],
    ['chunks twice', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'],
    ['a coding after a tab', ['Transfer-Encoding:\x0bchunked'], '0\r\n\r\n'],
    ['a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    ['a folded coding', ['Transfer-Encoding:\r\n chunked'], '0\r\n\r\n'],
    ['a folded field', ['X-A: b\r\n Transfer-Encoding: chunked', 'Content-Length: 0'], ''],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 5'], 'abcde'],
    ['a list of lengths', ['Content-Length: 0, 5'], 'abcde'],
    ['one length twice', ['Content-Length: 5', 'Content-Length: 5'], 'abcde'],
    ['a signed length', ['Content-Length: +5'], 'abcde'],
    ['a negative length', ['Content-Length: -5'], 'abcde'],
    ['a length in hex', ['Content-Length: 0x5'], 'abcde'],
    ['a huge length', ['Content-Length: 99999999999999999999'], 'abcde'],
    ['an empty length', ['Content-Length:'], 'abcde'],
    ['a chunk size that is none', ['Transfer-Encoding: chunked'], 'zz\r\nabc\r\n0\r\n\r\n'],
    ['a signed chunk size', ['Transfer-Encoding: chunked'], '+3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size in 0x', ['Transfer-Encoding: chunked'], '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that overflows', ['Transfer-Encoding: chunked'], 'ffffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', ['Transfer-Encoding: chunked'], '3\r\nabcd\r\n0\r\n\r\n'],
    ['a bare line feed after a size', ['Transfer-Encoding: chunked'], '3\nabc\r\n0\r\n\r\n'],
    ['a NUL in a field', ['X-A: b\0c', 'Content-Length: 0'], ''],
    ['a bare CR in a field', ['X-A: b\rX-B: c', 'Content-Length: 0'], ''],
    ['a field without a colon', ['Content-Length 5', 'Content-Length: 0'], ''],
    ['a field without a name', [': x', 'Content-Length: 0'], ''],
  ])('is refused, and nothing after it is read: %s', async (_, fields, body) => {
    const answers = await send(Buffer.from(post(fields, body) + smuggled + last, 'latin1'))
    expect(statuses(answers)).toEqual([400])
    expect(answers[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8')
    // What had come of a body in order may have been on its way; the call is cut, and never whole.
    expect(seenTargets()).toEqual([])
  })

  it('is framed anew where it is in order: extensions and trailers end here', async () => {
    const answers = await send(
      post(['Transfer-Encoding: chunked'], '3;x="\t1";y\r\nabc\r\n0\r\nX-Auth-Subject: root\r\n\r\n') + last,
    )
    expect(statuses(answers)).toEqual([200, 200])
    expect(seenTargets()).toEqual(['POST /posts/1', 'GET /last'])
    expect(upstream.seen[0]?.body).toBe('abc')
    expect(upstream.seen[0]?.fields.filter(([, value]) => value === 'root')).toEqual([])
  })

  it.each([
    'Content_Length: 0',
    'Transfer_Encoding: identity',
    'Content.Length: 3',
    'X-A: Content-Length: 1',
  ])('does not take another spelling for a framing: %s', async (field) => {
    await send(post([field, 'Content-Length: 5'], 'abcde') + last)
    expect(upstream.seen.map(({ body }) => body)).toEqual(['abcde', ''])
    const names = upstream.seen[0]!.fields.map(([name]) => name.replaceAll(/[._]/g, '-'))
    expect(names.filter((name) => name === 'content-length' || name === 'transfer-encoding')).toHaveLength(1)
  })

  it('keeps its body to itself where it is refused by a rule', async () => {
    const body = 'GET /last?smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'
    const fields = ['Host: a.test', `Content-Length: ${body.length}`]
    const answers = await send(request('POST /admin/1 HTTP/1.1', fields, `\r\n\r\n${body}`) + last)
    expect(statuses(answers)).toEqual([401, 200])
    expect(seenTargets()).toEqual(['GET /last'])
  })

  it('is refused in HTTP/1.0 with chunks, which are no framing there', async () => {
    const fields = ['Host: a.test', 'Connection: keep-alive', 'Transfer-Encoding: chunked']
    const answers = await send(request('POST /x HTTP/1.0', fields, `\r\n\r\n0\r\n\r\n${smuggled}`) + last)
    expect([statuses(answers), seenTargets()]).toEqual([[400], []])
  })
})

describe('a target that could be another', () => {
  it.each([
    ['//evil.test/x', 400],
    ['//', 400],
    ['///admin/x', 400],
    ['http://evil.test/x', 400],
    ['http://a.test@evil.test/x', 400],
    ['http://evil.test:80@a.test/x', 400],
    ['https:///x', 400],
    ['@evil.test/', 400],
    ['evil.test:80', 400],
    ['*', 400],
    ['?x', 400],
    ['/..', 400],
    ['/x/../admin/1', 400],
    ['/x/%2e%2e/admin/1', 400],
    ['/x/.%2E/admin/1', 400],
    ['/x/..%2fadmin/1', 400],
    ['/x%2f..%2fadmin', 400],
    ['/x/%252e%252e/admin/1', 400],
    ['/x/%252e%252e/admin/%25zz', 400],
    ['/x/%25252e%25252e/admin', 400],
    ['/x/..;/admin/1', 400],
    ['/x;a=b', 400],
    ['/admin;x/1', 400],
    ['/admin%3b/1', 400],
    ['/x\\..\\admin', 400],
    ['/x%5c..%5cadmin', 400],
    ['/x%00/admin', 400],
    ['/x%0d%0aX-Evil:%201', 400],
    ['/x%c0%ae%c0%ae/admin', 400],
    ['/x%e0%80%ae/admin', 400],
    ['/x%ff', 400],
    ['/x%', 400],
    ['/x%2', 400],
    ['/x%zz', 400],
    ['/x#/admin', 400],
    ['/x y', 400],
    ['/x\u00e9', 400],
    ['/./admin', 400],
    ['/api/../admin/1', 400],
    ['/api/%2e%2e/admin/1', 400],
    ['/api//admin/1', 400],
    ['/api/v1;x', 400],
    ['/api%2fv1/me', 400],
    ['/admin/1', 401],
    ['/ADMIN/1', 401],
    ['/%61dmin/1', 401],
    ['/Admin/', 401],
    ['/api/v1/me', 401],
    ['/%61pi/v1/me', 401],
    ['/api/v1', 401],
    ['/items/../api/v1/me', 401],
  ])('goes no further: %s', async (target, status) => {
    const answers = await send(Buffer.from(request(`GET ${target} HTTP/1.1`) + last, 'latin1'))
    expect([answers[0]?.status, answers.length <= 2]).toEqual([status, true])
    if (answers[1] !== undefined) expect([answers[1].status, seenTargets()]).toEqual([200, ['GET /last']])
    else expect(seenTargets()).toEqual([])
  })

  it.each([
    ['http://a.test/x?y', '/x?y'],
    ['/x?a=//evil&b=../..&c=%2e%2e%2f', '/x?a=//evil&b=../..&c=%2e%2e%2f'],
    ['/@evil.test/', '/@evil.test/'],
    ['/:80', '/:80'],
    ['/...', '/...'],
    ['/x%25', '/x%25'],
    ['/openapi.json/x', '/openapi.json/x'],
    ['/%C3%A9%20', '/%C3%A9%20'],
  ])('goes as it came where it can be but one: %s', async (target, seen) => {
    const answers = await send(request(`GET ${target} HTTP/1.1`) + last)
    expect([statuses(answers), seenTargets()]).toEqual([
      [200, 200],
      [`GET ${seen}`, 'GET /last'],
    ])
  })

  it('stays below the base path of its upstream', async () => {
    const targets = ['/api/x', '/API/@evil.test/', '/%61pi/http:/x', '/api/', '/api']
    // All but the absolute one, whose empty segment is refused.
    for (const target of targets)
      await send(request(`GET ${target} HTTP/1.1`, ['Host: a.test', bearer(), 'Connection: close']))
    expect(seenTargets()).toEqual(
      ['/base/x', '/base/@evil.test/', '/base/http:/x', '/base/', '/base/'].map((it) => `GET ${it}`),
    )
  })
})

describe('a method', () => {
  it.each([
    'CONNECT a.test:80 HTTP/1.1',
    'CONNECT /x HTTP/1.1',
    'get /x HTTP/1.1',
    'Get /x HTTP/1.1',
    'EVIL /x HTTP/1.1',
  ])("is nobody's: %s", async (line) => {
    const answers = await send(request(line) + last)
    expect(statuses(answers).filter((status) => status < 400)).toEqual([])
    expect(seenTargets()).toEqual([])
  })

  it('that mirrors a request is taken by no rule: it would show what rules add', async () => {
    const answers = await send(
      request('TRACE /secret/1 HTTP/1.1', ['Host: a.test', bearer()]) + request('TRACE /x HTTP/1.1') + last,
    )
    expect(statuses(answers)).toEqual([404, 401, 200])
    expect(seenTargets()).toEqual(['GET /last'])
  })

  it.each(['HEAD', 'OPTIONS', 'PROPFIND', 'DELETE', 'PURGE'])(
    'is judged as any other: %s',
    async (method) => {
      const answers = await send(
        request(`${method} /admin/1 HTTP/1.1`, ['Host: a.test', 'Connection: close']),
      )
      expect([answers[0]?.status, seenTargets()]).toEqual([401, []])
    },
  )

  it('is what it says, whatever else a field calls it', async () => {
    const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method_Override']
    const fields = ['Host: a.test', 'Connection: close', ...names.map((name) => `${name}: DELETE`)]
    await send(request('GET /x HTTP/1.1', fields))
    expect(upstream.seen[0]?.fields.filter(([, value]) => value === 'DELETE')).toEqual([])
  })

  it('of a preflight is answered here for listed pages, and by the rule for others', async () => {
    const preflight = (origin: string) =>
      request('OPTIONS /admin/1 HTTP/1.1', [
        'Host: a.test',
        `Origin: ${origin}`,
        'Access-Control-Request-Method: PUT',
      ])
    const [listed, other, suffixed] = await send(
      preflight('https://page.test') +
        preflight('https://evil.test') +
        preflight('https://page.test.evil') +
        last,
    )
    expect([listed?.status, listed?.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://page.test',
    ])
    for (const answer of [other, suffixed])
      expect([answer?.status, answer?.headers.get('access-control-allow-origin')]).toEqual([401, undefined])
    expect(seenTargets()).toEqual(['GET /last'])
  })
})

describe('fields', () => {
  const get = (path: string, fields: readonly string[]) =>
    send(request(`GET ${path} HTTP/1.1`, ['Host: a.test', 'Connection: close', ...fields]))

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
    await get('/secret/1', [bearer(), `${name}: root`])
    const told = upstream.seen[0]!.fields.filter(([, value]) => value.includes('root'))
    expect(told).toEqual(name === 'Authorization_' ? [['authorization_', 'root']] : [])
  })

  it('that Connection lists take nothing of ours with them', async () => {
    const listed =
      'close, X-Auth-Subject, X-Auth-Key-Id, X-Request-Id, X-Forwarded-For, Forwarded, Via, Host, Content-Length, X-Mine'
    const fields = ['Host: a.test', bearer(), `Connection: ${listed}`, 'X-Mine: 1', 'Content-Length: 2']
    await send(request('POST /posts/1 HTTP/1.1', fields, '\r\n\r\nab'))
    expect(upstream.seen[0]?.body).toBe('ab')
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
    const answers = await get('/secret/1', [bearer(), 'Connection: Authorization'])
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
      fields.map((field) => field.replace('Bearer a', `Bearer ${token}`)),
    )
    expect([400, 401]).toContain(answers[0]?.status)
    expect(upstream.seen).toEqual([])
  })

  it('hand on the credential that was judged, in its one spelling, and one Authorization alone', async () => {
    const { apiKey } = await gateway.key(['orders:read'])
    await get('/keys/1', [`X-API-Key: ${apiKey}`, 'X_API_Key: other', 'X.Api.Key: other'])
    expect(upstream.seen[0]?.fields.filter(([name]) => name.includes('key') && name.includes('api'))).toEqual(
      [['x-api-key', apiKey]],
    )
    await get('/told/1', [bearer()])
    expect(sawName('authorization')).toEqual([expect.not.stringContaining(token)])
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
    const answers = await send(request('GET /host/1 HTTP/1.1', [...hosts, bearer(), 'Connection: close']))
    expect([statuses(answers), upstream.seen.length]).toEqual([[status], status === 200 ? 1 : 0])
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
      const answers = await send(request('GET /x HTTP/1.1', fields) + last)
      expect([offer, answers[0]?.status]).toEqual([offer, 200])
    }
    expect(
      upstream.seen.flatMap(({ fields }) => fields).filter(([name]) => /upgrade|http2/.test(name)),
    ).toEqual([])
    expect(new Set(seenTargets())).toEqual(new Set(['GET /x']))
  })
})

describe('a connection', () => {
  it('carries each request by itself: a refused one leaves no trace on the next', async () => {
    const answers = await send(
      request('GET /secret/1 HTTP/1.1', ['Host: a.test', bearer()]) +
        request('GET /secret/2 HTTP/1.1') +
        request('GET /x/../admin HTTP/1.1') +
        request('HEAD /x HTTP/1.1') +
        request('GET /admin/1 HTTP/1.1', ['Host: a.test', bearer()]) +
        last,
    )
    expect(statuses(answers.filter((_, index) => index !== 3))).toEqual([200, 401, 400, 403, 200])
    // Each with the caller that it named itself; they are under way together.
    const callers = upstream.seen.map(({ target, fields }) => [
      target,
      fields.find(([name]) => name === 'x-auth-client')?.[1] !== '',
    ])
    expect(callers.toSorted()).toEqual([
      ['/last', false],
      ['/secret/1', true],
      ['/x', false],
    ])
  })

  it('takes no poison behind a well-formed request', async () => {
    const answers = await send(request('GET /x HTTP/1.1', ['Host: a.test'], '') + follower + last)
    expect([statuses(answers), seenTargets().toSorted()]).toEqual([
      [200, 401, 200],
      ['GET /last', 'GET /x'],
    ])
    upstream.seen.length = 0
    const garbage = await send(`${request('GET /admin/1 HTTP/1.1')}GARBAGE\r\n\r\n${last}`)
    expect([garbage.at(-1)?.status, seenTargets()]).toEqual([400, []])
  })

  it('answers heads and paths that are too long, and goes on for others', async () => {
    const long = 'a'.repeat(17_000)
    for (const bytes of [
      request(`GET /${long} HTTP/1.1`),
      request('GET /x HTTP/1.1', ['Host: a.test', `X: ${long}`]),
    ])
      expect(statuses(await send(bytes))).toEqual([431])
    const commas = `Connection: ${','.repeat(7000)}, ${'a,'.repeat(300)}close`
    const startedAt = performance.now()
    expect(
      statuses(await send(request(`GET /${'%25'.repeat(2000)} HTTP/1.1`, ['Host: a.test', commas]))),
    ).toEqual([200])
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })

  it('writes lines to the log that quote no client', async () => {
    await send(
      request('GET /x%0aevil HTTP/1.1', [
        'Host: a.test',
        'Connection: close',
        'User-Agent: \u001b[31mevil',
        'X-Request-Id: evil evil',
      ]),
    )
    expect(JSON.stringify(gateway.lines)).not.toMatch(/evil/)
    expect(JSON.stringify(gateway.lines)).not.toContain(token)
  })
})
