import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { rawAnswer, spellRequest } from '../hostile/raw-socket.ts'
import { httpUpstream, openPipe, type Pipe, rawUpstream, type TestUpstream } from '../support/pipe.ts'

let upstream: TestUpstream | undefined
let pipe: Pipe

afterEach(async () => {
  await pipe.close()
  await upstream?.close()
  upstream = undefined
})

const timeouts = { connectMs: 2000, firstByteMs: 5000, idleMs: 5000 }

const ask = (line = 'GET / HTTP/1.1') => rawAnswer(pipe.url, spellRequest(line))

describe('a second try', () => {
  /** Serves one request on each connection, and then closes it under the next. */
  async function closingUnderTheSecond(): Promise<string[]> {
    const seen: string[] = []
    upstream = await rawUpstream((socket, all) => {
      if (!all.endsWith('\r\n\r\n')) return
      seen.push(all.split('\r\n\r\n').at(-2)!.split(' ')[0]!)
      if (all.split('\r\n\r\n').length > 2) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    pipe = await openPipe(upstream.origin)
    return seen
  }

  it('is made where the connection was closed under a call that changes nothing', async () => {
    const seen = await closingUnderTheSecond()
    for (const method of ['GET', 'GET', 'DELETE'])
      expect(await ask(`${method} / HTTP/1.1`)).toMatchObject({ text: 'ok' })
    expect(seen).toEqual(['GET', 'GET', 'GET', 'DELETE', 'DELETE'])
    expect(upstream?.sockets).toHaveLength(3)
  })

  it('is made once', async () => {
    upstream = await rawUpstream((socket) => socket.resetAndDestroy())
    pipe = await openPipe(upstream.origin)
    expect(await ask()).toMatchObject({ text: 'broken' })
    expect(upstream?.sockets).toHaveLength(2)
  })

  it.each([
    ['a POST without a body', 'POST / HTTP/1.1', []],
    ['a PUT whose body has begun', 'PUT / HTTP/1.1', ['Content-Length: 4']],
  ])('is never made for %s: it is seen once', async (_, line, fields) => {
    let requests = 0
    upstream = await rawUpstream((socket) => {
      requests += 1
      socket.resetAndDestroy()
    })
    pipe = await openPipe(upstream.origin)
    const answer = await rawAnswer(pipe.url, spellRequest(line, fields, fields.length === 0 ? '' : 'body'))
    expect(answer).toMatchObject({ text: 'broken' })
    expect(requests).toBe(1)
  })
})

describe('the connections to an upstream', () => {
  it('are bounded, and so is what waits for one', async () => {
    const held: ServerResponse[] = []
    upstream = await httpUpstream((request, response) => {
      if (request.url === '/held') held.push(response)
      else response.end('served')
    })
    pipe = await openPipe(upstream.origin, { timeouts: { ...timeouts, connectMs: 3000 } })
    const clients = Array.from({ length: 515 }, () => ask('GET /held HTTP/1.1'))
    // Three find no place at all, and those that waited give up when their time for a connection is over.
    await expect.poll(() => pipe.outcomes.length, { timeout: 12_000 }).toBe(259)
    expect(held).toHaveLength(256)
    expect(pipe.outcomes.every((outcome) => outcome.kind === 'failed' && outcome.fault === 'busy')).toBe(true)
    for (const response of held) response.end('held')
    const texts = (await Promise.all(clients)).map(({ text }) => text)
    expect(texts.filter((text) => text === 'held')).toHaveLength(256)
    // What was given up is never sent, and takes no connection with it.
    expect(await ask()).toMatchObject({ text: 'served' })
    expect(held).toHaveLength(256)
    expect(upstream.sockets).toHaveLength(256)
  })

  it('are not used up by calls that cannot be spelled', async () => {
    upstream = await httpUpstream((_request, response) => response.end('ok'))
    pipe = await openPipe(upstream.origin)
    for (const change of [
      { target: '*' },
      { method: 'A B' },
      { fields: ['X', 'a\nb'] },
      { fields: ['Host', 'a', 'host', 'b'] },
    ]) {
      const bent = await openPipe(upstream.origin, change)
      expect(await rawAnswer(bent.url, spellRequest('GET / HTTP/1.1'))).toMatchObject({ text: 'broken' })
      await bent.close()
    }
    expect(upstream.sockets).toHaveLength(0)
  })
})
