import { once } from 'node:events'
import {
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { Lease } from '../../src/http/wire.ts'
import { rawAnswer, rawAnswers, spellRequest } from '../hostile/raw-socket.ts'
import { httpUpstream, openPipe, type Pipe, type TestUpstream } from '../support/pipe.ts'

let upstream: TestUpstream
let pipe: Pipe

afterEach(async () => {
  await pipe.close()
  await upstream.close()
})

async function carry(serve: RequestListener, change?: Parameters<typeof openPipe>[1]): Promise<void> {
  upstream = await httpUpstream(serve)
  pipe = await openPipe(upstream.origin, change)
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await message.toArray())
}

const ask = (line: string, fields: readonly string[] = [], body = '') =>
  rawAnswer(pipe.url, spellRequest(line, fields, body))

describe('a call to an upstream', () => {
  it('carries method, target, fields and body as they are, and the answer back', async () => {
    await carry(async (request, response) => {
      const body = await bodyOf(request)
      response.writeHead(207, ['X-Two', 'a', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-two', 'b'])
      response.end(JSON.stringify([request.method, request.url, request.rawHeaders, body.toString()]))
    })
    const answer = await ask(
      'PATCH /a%2Fb/..;x?q=%41&q=b HTTP/1.1',
      ['X-One: 1', 'x-one: \u00e9', 'Content-Length: 4'],
      'body',
    )
    expect(answer.status).toBe(207)
    expect(answer.headers.get('set-cookie')).toBe('a=1, b=2')
    expect(answer.headers.get('x-two')).toBe('a, b')
    expect(answer.headers.get('date')).not.toContain(', , ')
    const [method, target, fields, body] = answer.body
    expect([method, target, body]).toEqual(['PATCH', '/a%2Fb/..;x?q=%41&q=b', 'body'])
    expect(fields.join('\n')).toContain('X-One\n1\nx-one\n')
    expect(fields.join('\n')).toContain('content-length\n4')
    expect(pipe.outcomes).toMatchObject([{ kind: 'answered', status: 207, complete: true }])
  })

  it('carries a body without a length in chunks, both ways', async () => {
    await carry(async (request, response) => {
      response.write(`${request.headers['transfer-encoding']} `)
      response.end(await bodyOf(request))
    })
    const answer = await ask(
      'POST / HTTP/1.1',
      ['Transfer-Encoding: chunked'],
      '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    )
    expect(answer.headers.get('transfer-encoding')).toBe('chunked')
    expect(answer.text).toBe('chunked abcde')
  })
})

describe('an answer', () => {
  const zipped = gzipSync('x'.repeat(1000))
  const routes: Readonly<Record<string, RequestListener>> = {
    '/length': (_request, response) => response.writeHead(200, { 'Content-Length': '7' }).end('1234567'),
    '/none': (_request, response) => response.writeHead(204, { 'X-A': 'b' }).end(),
    '/unchanged': (_request, response) =>
      response.writeHead(304, { ETag: '"a"', 'Content-Length': '7' }).end(),
    '/part': (_request, response) =>
      response.writeHead(206, { 'Content-Range': 'bytes 2-4/7', 'Content-Length': '3' }).end('345'),
    '/zipped': (_request, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(zipped),
    '/moved': (_request, response) => response.writeHead(302, { Location: '/length' }).end('moved'),
    '/hints': (_request, response) => {
      response.writeProcessing()
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.writeHead(200, { Date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'Content-Length': '0' }).end()
    },
    '/trailers': (_request, response) => {
      response.write('body')
      response.addTrailers({ Digest: 'abc', 'Set-Cookie': 'a=b', 'Content-Type': 'x/y' })
      response.end()
    },
  }
  const serve: RequestListener = (request, response) => routes[request.url!]?.(request, response)

  it('of any kind passes as it is', async () => {
    await carry(serve)
    const seen = async (line: string, fields?: readonly string[]) => {
      const { status, headers, text } = await ask(`${line} HTTP/1.1`, fields)
      return [status, headers, text] as const
    }
    const [, length] = await seen('HEAD /length')
    expect(length.get('content-length')).toBe('7')
    expect((await seen('GET /length'))[2]).toBe('1234567')
    const [none, noneFields] = await seen('GET /none')
    expect([none, noneFields.get('x-a'), noneFields.has('content-length')]).toEqual([204, 'b', false])
    const [unchanged, unchangedFields] = await seen('GET /unchanged')
    expect([unchanged, unchangedFields.get('etag')]).toEqual([304, '"a"'])
    const [part, partFields, partText] = await seen('GET /part', ['Range: bytes=2-4'])
    expect([part, partFields.get('content-range'), partText]).toEqual([206, 'bytes 2-4/7', '345'])
    const [moved, movedFields, movedText] = await seen('GET /moved')
    expect([moved, movedFields.get('location'), movedText]).toEqual([302, '/length', 'moved'])
    expect(pipe.outcomes.every((outcome) => outcome.kind === 'answered' && outcome.complete)).toBe(true)
  })

  it('that is compressed stays so', async () => {
    await carry(serve)
    const answer = await fetchRaw('/zipped')
    expect(answer.headers['content-encoding']).toBe('gzip')
    expect(await bodyOf(answer)).toEqual(zipped)
  })

  it('comes without what the upstream said in between, and with its own date alone', async () => {
    await carry(serve)
    const [answer, ...others] = await rawAnswers(pipe.url, spellRequest('GET /hints HTTP/1.1'))
    expect(others).toEqual([])
    expect(answer).toMatchObject({ status: 200 })
    expect(answer!.headers.get('date')).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  })

  it('has its trailers where the client takes them, and none that would change its meaning', async () => {
    await carry(serve)
    const withTrailers = await fetchRaw('/trailers', { TE: 'deflate, trailers' })
    expect((await bodyOf(withTrailers)).toString()).toBe('body')
    expect(withTrailers.trailers).toEqual({ digest: 'abc' })
    const without = await fetchRaw('/trailers')
    expect((await bodyOf(without)).toString()).toBe('body')
    expect(without.trailers).toEqual({})
  })

  it('comes over a connection that is kept', async () => {
    await carry(serve)
    for (let call = 0; call < 5; call += 1) expect((await ask('GET /length HTTP/1.1')).status).toBe(200)
    expect(upstream.sockets).toHaveLength(1)
  })

  async function fetchRaw(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const [answer] = await once(httpRequest(pipe.url + path, { agent: false, headers }).end(), 'response')
    return answer
  }
})

describe('a stream of events', () => {
  it('passes event by event, and its end is told', async () => {
    const stream = Promise.withResolvers<ServerResponse>()
    const lease = { cut: undefined as Parameters<Lease>[0] | undefined, over: 0 }
    await carry(
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).flushHeaders()
        stream.resolve(response)
      },
      {
        onStream(cut) {
          lease.cut = cut
          return () => {
            lease.over += 1
          }
        },
      },
    )
    const [answer] = await once(httpRequest(pipe.url, { agent: false }).end(), 'response')
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const arrived = once(answer, 'data')
      ;(await stream.promise).write(event)
      expect(String((await arrived)[0])).toBe(event)
    }
    expect(lease.over).toBe(0)
    const upstreamClosed = once(await stream.promise, 'close')
    const outcome = pipe.nextOutcome()
    const cut = once(answer, 'error')
    lease.cut?.('token_revoked')
    // Not an end: whoever reads it knows that there would have been more.
    expect((await cut)[0]).toMatchObject({ code: 'ECONNRESET' })
    await upstreamClosed
    expect(await outcome).toMatchObject({ kind: 'answered', status: 200, complete: false })
    expect(lease.over).toBe(1)
  })

  it('holds no lease when it is none', async () => {
    let leases = 0
    const onStream: Lease = () => {
      leases += 1
      return () => {}
    }
    await carry((_request, response) => response.setHeader('Content-Type', 'text/event-streams').end(), {
      onStream,
    })
    expect((await ask('GET / HTTP/1.1')).status).toBe(200)
    expect(leases).toBe(0)
  })
})

describe('a drain', () => {
  it('waits for the answer under way, and cuts a stream at the end of its grace', async () => {
    const begun = Promise.withResolvers<ServerResponse>()
    await carry((request, response) => {
      response.write('first ')
      if (request.url === '/slow') begun.resolve(response)
    })
    const slow = rawAnswer(pipe.url, spellRequest('GET /slow HTTP/1.1'))
    const stream = once(httpRequest(`${pipe.url}/stream`, { agent: false }).end(), 'response')
    const cut = once((await stream)[0], 'error')
    const response = await begun.promise
    const drained = pipe.http.drain(300)
    response.end('last')
    expect(await slow).toMatchObject({ status: 200, text: 'first last' })
    await cut
    await drained
    const ends = () => pipe.outcomes.map((outcome) => outcome.kind === 'answered' && outcome.complete)
    await expect.poll(ends).toEqual([true, false])
  })
})
