import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { UpstreamCall } from '../../src/http/wire.ts'
import { type HttpServer, listen } from '../../src/runtime/http-server.ts'
import { rawAnswer, rawAnswers, spellRequest } from '../hostile/raw-socket.ts'
import { httpUpstream, openPipe, type Pipe, rawUpstream, type TestUpstream } from '../support/pipe.ts'

let upstream: TestUpstream | undefined
let pipe: Pipe | undefined
let http: HttpServer | undefined

afterEach(async () => {
  await pipe?.close()
  await upstream?.close()
  await http?.drain(0)
  pipe = upstream = http = undefined
})

const timeouts = { connectMs: 2000, firstByteMs: 5000, idleMs: 5000 }

const echo: RequestListener = async (request, response) => {
  response.end(Buffer.concat(await request.toArray()))
}

async function carry(serve: RequestListener, change?: Partial<UpstreamCall>): Promise<string> {
  upstream = await httpUpstream(serve)
  pipe = await openPipe(upstream.origin, change)
  return pipe.url
}

async function serveOwn(fetch: Parameters<typeof listen>[0], bodyTimeoutMs?: number): Promise<string> {
  http = await listen(fetch, { port: 0, host: '127.0.0.1', bodyTimeoutMs })
  return `http://127.0.0.1:${http.address.port}`
}

/** A connection on which what has come so far can be awaited. */
function openWire(url: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  const closed = new Promise((done) => socket.once('close', done))
  const holds = (part: string) => expect.poll(() => text, { interval: 5 }).toContain(part)
  return { socket, closed, holds, text: () => text }
}

const head = (fields: readonly string[], line = 'POST / HTTP/1.1') => spellRequest(line, fields)

describe('a client that asks before it sends its body', () => {
  const expecting = ['Expect: 100-continue', 'Content-Length: 4']

  it('is asked for it when the call to the upstream has begun', async () => {
    const url = await carry(echo)
    const wire = openWire(url)
    wire.socket.write(head(expecting))
    await wire.holds('HTTP/1.1 100 Continue\r\n\r\n')
    expect(upstream?.sockets).toHaveLength(1)
    wire.socket.write('body')
    await wire.closed
    expect(wire.text()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*body/)
  })

  it('is asked for it when a route of our own reads it', async () => {
    const url = await serveOwn(async (request) => new Response(await request.text()))
    const wire = openWire(url)
    wire.socket.write(head(expecting))
    await wire.holds('100 Continue')
    wire.socket.write('body')
    await wire.holds('\r\n\r\nbody')
  })

  it.each([
    ['by a route of our own', () => serveOwn(() => new Response('no', { status: 401 }))],
    ['as too large', () => carry(echo, { bodyMaxBytes: 3 })],
    [
      'because its upstream is gone',
      () => carry(echo, { address: { kind: 'origin', origin: 'http://upstream.invalid' } }),
    ],
  ])('is not asked when it is refused %s, and nothing more is read', async (_, serve) => {
    const url = await serve()
    const bytes = `POST / HTTP/1.1\r\nHost: a\r\n${expecting.join('\r\n')}\r\n\r\n`
    const answers = await rawAnswers(url, bytes)
    expect(answers).toHaveLength(1)
    expect([401, 502]).toContain(answers[0]?.status)
    expect(answers[0]?.headers.get('connection')).toBe('close')
  })

  it('keeps its connection when its body was asked for', async () => {
    const url = await carry(echo)
    const wire = openWire(url)
    wire.socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${expecting.join('\r\n')}\r\n\r\nbody`)
    await wire.holds('\r\n\r\nbody')
    wire.socket.write(spellRequest('GET / HTTP/1.1'))
    await wire.closed
    expect(wire.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })
})

describe('a body that is too large', () => {
  it('is refused by its length before anything is sent', async () => {
    const url = await carry(echo, { bodyMaxBytes: 3 })
    expect(await rawAnswer(url, `${head(['Content-Length: 4'])}body`)).toMatchObject({
      text: 'body_too_large',
    })
    expect(upstream?.sockets).toHaveLength(0)
    expect(await rawAnswer(url, `${head(['Content-Length: 3'])}bod`)).toMatchObject({
      status: 200,
      text: 'bod',
    })
  })

  it('is refused as it passes, and its upstream is left in the middle of it', async () => {
    const broken = Promise.withResolvers<void>()
    const url = await carry((request) => request.on('error', () => broken.resolve()).resume(), {
      bodyMaxBytes: 8,
    })
    const wire = openWire(url)
    wire.socket.write(head(['Transfer-Encoding: chunked']))
    wire.socket.write('8\r\n12345678\r\n')
    await expect.poll(() => upstream?.sockets.length).toBe(1)
    wire.socket.write('1\r\n9\r\n')
    await wire.holds('body_too_large')
    await broken.promise
    // However long it goes on, it is not read for long.
    const more = setInterval(() => wire.socket.write('1\r\n9\r\n'), 20)
    await wire.closed
    clearInterval(more)
  })

  it('passes at its limit exactly', async () => {
    const url = await carry(echo, { bodyMaxBytes: 8 })
    const answer = await rawAnswer(url, `${head(['Transfer-Encoding: chunked'])}8\r\n12345678\r\n0\r\n\r\n`)
    expect(answer).toMatchObject({ status: 200, text: '12345678' })
  })
})

describe('the pace of a body', () => {
  it('may take longer in all than any wait, as long as it moves', async () => {
    const url = await carry(echo, { timeouts: { ...timeouts, firstByteMs: 2000, idleMs: 2000 } })
    const wire = openWire(url)
    wire.socket.write(head(['Transfer-Encoding: chunked']))
    for (let piece = 0; piece < 12; piece += 1) {
      wire.socket.write('1\r\nx\r\n')
      await new Promise((done) => setTimeout(done, 200))
    }
    wire.socket.write('0\r\n\r\n')
    await wire.closed
    expect(wire.text()).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  it('ends the call when the client stalls, and frees the upstream', async () => {
    const broken = Promise.withResolvers<void>()
    const url = await carry((request) => request.on('error', () => broken.resolve()).resume(), {
      timeouts: { ...timeouts, idleMs: 200 },
    })
    expect(await rawAnswer(url, `${head(['Content-Length: 10'])}abc`)).toMatchObject({ text: 'idle_timeout' })
    await broken.promise
  })

  it('ends the call when the upstream takes no more', async () => {
    upstream = await rawUpstream(
      () => {},
      (socket) => socket.pause(),
    )
    pipe = await openPipe(upstream.origin, { timeouts: { ...timeouts, idleMs: 300 } })
    const wire = openWire(pipe.url)
    wire.socket.write(head(['Content-Length: 100000000']))
    wire.socket.write(Buffer.alloc(100_000_000))
    await wire.holds('first_byte_timeout')
  })

  it('is bounded in all on a route of our own', async () => {
    const url = await serveOwn(async (request) => new Response(await request.text()), 300)
    const startedAt = performance.now()
    const wire = openWire(url)
    wire.socket.write(head(['Content-Length: 1000']))
    const drip = setInterval(() => wire.socket.write('x'), 20)
    await wire.closed
    clearInterval(drip)
    expect(performance.now() - startedAt).toBeGreaterThan(295)
    expect(wire.text()).toMatch(/^HTTP\/1\.1 408 [\s\S]*"request_timeout"/)
  })
})

describe('a body that is not needed to its end', () => {
  it.each(['GET', 'POST'])('does not hold the connection of a %s that is answered', async (method) => {
    const url = await serveOwn(() => new Response('answered'))
    const wire = openWire(url)
    wire.socket.write(`${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`)
    await wire.holds('answered')
    const drip = setInterval(() => wire.socket.write('x'), 20)
    await wire.closed
    clearInterval(drip)
  })

  it('lets the answer come before it', async () => {
    const url = await carry((_request, response) => response.writeHead(403).end('no'))
    const wire = openWire(url)
    wire.socket.write(`${head(['Content-Length: 1000000'])}abc`)
    await wire.holds('403 Forbidden')
    await wire.closed
  })

  // Behind another request, Node once threw the loss of the client at nobody, and ended the process.
  it.each([
    ['alone', 0],
    ['behind another', 1],
  ])('ends the upstream call, and nothing else, when its client goes: %s', async (_, before) => {
    const broken = Promise.withResolvers<void>()
    const url = await carry((request) => request.on('error', () => broken.resolve()).resume())
    const wire = openWire(url)
    wire.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(before))
    wire.socket.write(`${head(['Content-Length: 10'])}abc`)
    await expect.poll(() => upstream?.sockets.length).toBe(before + 1)
    wire.socket.destroy()
    await broken.promise
    await expect.poll(() => pipe?.outcomes).toMatchObject(Array(before + 1).fill({ fault: 'client_gone' }))
  })

  it('does not put a refusal into an answer when it turns out to be no body', async () => {
    const url = await carry((request, response) => {
      request.on('error', () => {}).resume()
      response.write('begun ')
    })
    const wire = openWire(url)
    wire.socket.write(`${head(['Transfer-Encoding: chunked'])}1\r\nx\r\n`)
    await wire.holds('begun')
    wire.socket.write('nonsense\r\n')
    await wire.closed
    expect(wire.text().match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})
