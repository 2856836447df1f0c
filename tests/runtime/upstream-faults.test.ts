import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { UpstreamCall } from '../../src/http/wire.ts'
import { rawAnswer, rawAnswers, spellRequest } from '../hostile/raw-socket.ts'
import { openPipe, type Pipe, rawUpstream, type TestUpstream } from '../support/pipe.ts'

let upstream: TestUpstream | undefined
let pipe: Pipe

afterEach(async () => {
  await pipe.close()
  await upstream?.close()
  upstream = undefined
})

const timeouts = { connectMs: 2000, firstByteMs: 5000, idleMs: 5000 }

/** An upstream that answers each request with the same bytes, and then does something to its socket. */
async function answering(
  bytes: string,
  then: 'stays' | 'ends' | 'resets' = 'stays',
  change?: Partial<UpstreamCall>,
): Promise<void> {
  upstream = await rawUpstream((socket, all) => {
    if (!all.endsWith('\r\n\r\n')) return
    socket.write(bytes, 'latin1', () => {
      if (then === 'ends') socket.end()
      if (then === 'resets') socket.resetAndDestroy()
    })
  })
  pipe = await openPipe(upstream.origin, change)
}

const ask = (line = 'GET / HTTP/1.1', fields?: readonly string[]) =>
  rawAnswer(pipe.url, spellRequest(line, fields))

/** All the bytes that a client gets, and whether its connection was reset. */
async function bytesOf(request: string): Promise<{ readonly text: string; readonly wasReset: boolean }> {
  const socket = connect(Number(new URL(pipe.url).port), '127.0.0.1')
  let text = ''
  let wasReset = false
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {
    wasReset = true
  })
  socket.write(request)
  await new Promise((done) => socket.once('close', done))
  return { text, wasReset }
}

describe('an upstream that is not there', () => {
  it('is unreachable when it refuses', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as { port: number }
    closed.close()
    await once(closed, 'close')
    pipe = await openPipe(`http://127.0.0.1:${port}`)
    expect(await ask()).toMatchObject({ status: 502, text: 'unreachable' })
    expect(pipe.outcomes).toMatchObject([{ detail: 'ECONNREFUSED' }])
  })

  it('is unreachable when its name is unknown', async () => {
    pipe = await openPipe('http://upstream.invalid')
    expect(await ask()).toMatchObject({ text: 'unreachable' })
  })

  it('is unreachable when no connection comes about in time', async () => {
    // Takes the connection, and never says a word of TLS.
    upstream = await rawUpstream(() => {})
    pipe = await openPipe(upstream.origin.replace('http:', 'https:'), {
      timeouts: { connectMs: 200, firstByteMs: 60_000, idleMs: 60_000 },
    })
    expect(await ask()).toMatchObject({ text: 'unreachable' })
  })
})

describe('an upstream that answers badly', () => {
  it.each([
    ['no HTTP', 'HELLO\r\n\r\n'],
    ['half a head and a reset', 'HTTP/1.1 200 OK\r\nX: '],
    ['a head too large', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    [
      'a switch of protocols that nobody asked for',
      'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['a coding that nobody offered', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'chunks and a length',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na'],
    ['a field with a control character', 'HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 0\r\n\r\n'],
  ])('is broken: %s', async (_, bytes) => {
    await answering(bytes, 'resets')
    expect(await ask()).toMatchObject({ status: 502, text: 'broken' })
  })

  it('cannot add to its answer, nor touch the next one', async () => {
    await answering(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale',
    )
    const answers = await rawAnswers(
      pipe.url,
      `GET /a HTTP/1.1\r\nHost: a\r\n\r\n${spellRequest('GET /b HTTP/1.1')}`,
    )
    expect(answers.map(({ text }) => text)).toEqual(['ab', 'ab'])
    expect(upstream?.sockets).toHaveLength(2)
  })
})

describe('an answer that breaks off', () => {
  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'ends'],
    ['with a length, reset', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'resets'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'ends'],
    ['in the middle of a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc', 'resets'],
    [
      'with a chunk that is none',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n',
      'stays',
    ],
  ] as const)('is cut for the client too: %s', async (_, bytes, then) => {
    await answering(bytes, then)
    const outcome = pipe.nextOutcome()
    const { text } = await bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    const body = text.slice(text.indexOf('\r\n\r\n') + 4)
    if (/transfer-encoding/i.test(text)) expect(body).not.toContain('\r\n0\r\n')
    else expect(body.length).toBeLessThan(10)
    expect(await outcome).toMatchObject({ kind: 'answered', status: 200, complete: false })
  })

  it('is a reset for a client that would take the close for an end', async () => {
    await answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'resets')
    const { wasReset } = await bytesOf('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
    expect(wasReset).toBe(true)
  })
})

describe('an upstream that takes its time', () => {
  it('is given up when its head does not come', async () => {
    await answering('', 'stays', { timeouts: { ...timeouts, firstByteMs: 200 } })
    expect(await ask()).toMatchObject({ text: 'first_byte_timeout' })
    await closedAtUpstream()
  })

  it('is given up when its body stops, and the client sees a cut', async () => {
    await answering('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'stays', {
      timeouts: { ...timeouts, idleMs: 200 },
    })
    const { text } = await bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(text).toMatch(/\r\n\r\nabc$/)
    await closedAtUpstream()
  })

  it.each([
    ['before its answer', ''],
    ['in the middle of it', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
  ])('is left when the client goes %s, long before its time is over', async (_, bytes) => {
    await answering(bytes, 'stays', { timeouts: { ...timeouts, firstByteMs: 60_000, idleMs: 60_000 } })
    const client = connect(Number(new URL(pipe.url).port), '127.0.0.1')
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    if (bytes === '') await expect.poll(() => upstream?.sockets[0]?.bytesRead).toBeGreaterThan(0)
    else await once(client, 'data')
    const outcome = pipe.nextOutcome()
    client.destroy()
    await closedAtUpstream()
    expect(await outcome).toMatchObject(
      bytes === '' ? { kind: 'failed', fault: 'client_gone' } : { kind: 'answered', complete: false },
    )
  })

  async function closedAtUpstream(): Promise<void> {
    const socket = upstream!.sockets[0]!
    if (!socket.closed) await new Promise((done) => socket.once('close', done))
  }
})
