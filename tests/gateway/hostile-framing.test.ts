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

const follower = '\r\n\r\nGET /admin/poison HTTP/1.1\r\nHost: a.test\r\n\r\n'

describe('a request whose end is in doubt', () => {
  const post = (fields: readonly string[], body: string) =>
    spell('POST /posts/1 HTTP/1.1', ['Host: a.test', attacked.bearer, ...fields], `\r\n\r\n${body}`)
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
    const answers = await attacked.send(Buffer.from(post(fields, body) + smuggled + last, 'latin1'))
    expect(statuses(answers)).toEqual([400])
    expect(answers[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8')
    // What had come of a body in order may have been on its way; the call is cut, and never whole.
    expect(attacked.seenTargets()).toEqual([])
  })

  it('is framed anew where it is in order: extensions and trailers end here', async () => {
    const answers = await attacked.send(
      post(['Transfer-Encoding: chunked'], '3;x="\t1";y\r\nabc\r\n0\r\nX-Auth-Subject: root\r\n\r\n') + last,
    )
    expect(statuses(answers)).toEqual([200, 200])
    expect(attacked.seenTargets()).toEqual(['POST /posts/1', 'GET /last'])
    expect(attacked.upstream.seen[0]?.body).toBe('abc')
    expect(attacked.upstream.seen[0]?.fields.filter(([, value]) => value === 'root')).toEqual([])
  })

  it.each([
    'Content_Length: 0',
    'Transfer_Encoding: identity',
    'Content.Length: 3',
    'X-A: Content-Length: 1',
  ])('does not take another spelling for a framing: %s', async (field) => {
    await attacked.send(post([field, 'Content-Length: 5'], 'abcde') + last)
    expect(attacked.upstream.seen.map(({ body }) => body)).toEqual(['abcde', ''])
    const names = attacked.upstream.seen[0]!.fields.map(([name]) => name.replaceAll(/[._]/g, '-'))
    expect(names.filter((name) => name === 'content-length' || name === 'transfer-encoding')).toHaveLength(1)
  })

  it('keeps its body to itself where it is refused by a rule', async () => {
    const body = 'GET /last?smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'
    const fields = ['Host: a.test', `Content-Length: ${body.length}`]
    const answers = await attacked.send(spell('POST /admin/1 HTTP/1.1', fields, `\r\n\r\n${body}`) + last)
    expect(statuses(answers)).toEqual([401, 200])
    expect(attacked.seenTargets()).toEqual(['GET /last'])
  })

  it('is refused in HTTP/1.0 with chunks, which are no framing there', async () => {
    const fields = ['Host: a.test', 'Connection: keep-alive', 'Transfer-Encoding: chunked']
    const answers = await attacked.send(
      spell('POST /x HTTP/1.0', fields, `\r\n\r\n0\r\n\r\n${smuggled}`) + last,
    )
    expect([statuses(answers), attacked.seenTargets()]).toEqual([[400], []])
  })
})

describe('a connection', () => {
  it('carries each request by itself: a refused one leaves no trace on the next', async () => {
    const answers = await attacked.send(
      spell('GET /secret/1 HTTP/1.1', ['Host: a.test', attacked.bearer]) +
        spell('GET /secret/2 HTTP/1.1') +
        spell('GET /x/../admin HTTP/1.1') +
        spell('HEAD /x HTTP/1.1') +
        spell('GET /admin/1 HTTP/1.1', ['Host: a.test', attacked.bearer]) +
        last,
    )
    expect(statuses(answers.filter((_, index) => index !== 3))).toEqual([200, 401, 400, 403, 200])
    // Each with the caller that it named itself; they are under way together.
    const callers = attacked.upstream.seen.map(({ target, fields }) => [
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
    const answers = await attacked.send(spell('GET /x HTTP/1.1', ['Host: a.test'], '') + follower + last)
    expect([statuses(answers), attacked.seenTargets().toSorted()]).toEqual([
      [200, 401, 200],
      ['GET /last', 'GET /x'],
    ])
    attacked.upstream.seen.length = 0
    const garbage = await attacked.send(`${spell('GET /admin/1 HTTP/1.1')}GARBAGE\r\n\r\n${last}`)
    expect([garbage.at(-1)?.status, attacked.seenTargets()]).toEqual([400, []])
  })

  it('answers heads and paths that are too long, and goes on for others', async () => {
    const long = 'a'.repeat(17_000)
    for (const bytes of [
      spell(`GET /${long} HTTP/1.1`),
      spell('GET /x HTTP/1.1', ['Host: a.test', `X: ${long}`]),
    ])
      expect(statuses(await attacked.send(bytes))).toEqual([431])
    const commas = `Connection: ${','.repeat(7000)}, ${'a,'.repeat(300)}close`
    const startedAt = performance.now()
    expect(
      statuses(await attacked.send(spell(`GET /${'%25'.repeat(2000)} HTTP/1.1`, ['Host: a.test', commas]))),
    ).toEqual([200])
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  it('writes lines to the log that quote no client', async () => {
    await attacked.send(
      spell('GET /x%0aevil HTTP/1.1', [
        'Host: a.test',
        'Connection: close',
        'User-Agent: \u001b[31mevil',
        'X-Request-Id: evil evil',
      ]),
    )
    expect(JSON.stringify(attacked.gateway.lines)).not.toMatch(/evil/)
    expect(JSON.stringify(attacked.gateway.lines)).not.toContain(attacked.token)
  })
})
