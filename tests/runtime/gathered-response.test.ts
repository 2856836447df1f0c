import { once } from 'node:events'
import { Agent, createServer, get, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { GatheredResponse } from '../../src/runtime/gathered-response.ts'
import { listen } from '../../src/runtime/http-server.ts'

let server: Server | undefined

afterEach(async () => {
  if (server?.listening !== true) return
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

/** A server of gathered responses, and its URL. */
async function serve(listener: RequestListener): Promise<string> {
  server = createServer({ ServerResponse: GatheredResponse }, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Resolves with the responses of so many requests that came and wait for their answers. */
async function gather(count: number) {
  const { promise, resolve } = Promise.withResolvers<GatheredResponse[]>()
  const waiting: GatheredResponse[] = []
  const url = await serve((_request, response) => {
    waiting.push(response as GatheredResponse)
    if (waiting.length === count) resolve(waiting)
  })
  const texts = Array.from({ length: count }, async () => {
    const answer = await fetch(url)
    return answer.text()
  })
  return { responses: await promise, texts }
}

const turnEnd = () => new Promise((done) => setImmediate(done))

describe('a gathered response', () => {
  it.each([
    ['a text', 'Grüße', 'Grüße'],
    ['bytes', Buffer.from('bytes'), 'bytes'],
    ['nothing', undefined, ''],
  ])('is written as it ended, with %s', async (_name, body, text) => {
    const url = await serve((_request, response) =>
      response.writeHead(203, { 'X-One': 'a' }).end(...((body === undefined ? [] : [body]) as [string])),
    )
    const answer = await fetch(url)
    expect([answer.status, answer.headers.get('x-one'), await answer.text()]).toEqual([203, 'a', text])
  })

  it('waits for the end of the turn and no longer', async () => {
    const { responses, texts } = await gather(3)
    for (const response of responses) response.end('ended')
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false, false, false])
    await turnEnd()
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true, true])
    expect(await Promise.all(texts)).toEqual(['ended', 'ended', 'ended'])
  })

  it('is written with three others before the turn ends', async () => {
    const { responses, texts } = await gather(5)
    for (const response of responses) response.end('ended')
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true, true, true, false])
    expect(await Promise.all(texts)).toEqual(Array(5).fill('ended'))
  })

  it('sends what is written before its end at once', async () => {
    const { responses, texts } = await gather(1)
    const [response] = responses as [GatheredResponse]
    response.write('written, ')
    expect(response.headersSent).toBe(true)
    response.end('ended')
    expect(await Promise.all(texts)).toEqual(['written, ended'])
  })

  it('ends once, with what it ended with first', async () => {
    const { responses, texts } = await gather(1)
    const [response] = responses as [GatheredResponse]
    response.end('first')
    response.end()
    expect(await Promise.all(texts)).toEqual(['first'])
  })

  it('tells of its end where it is asked to', async () => {
    const { responses, texts } = await gather(1)
    const [response] = responses as [GatheredResponse]
    await new Promise<void>((done) => response.end('AQID', 'base64', done))
    expect(await Promise.all(texts)).toEqual(['\u0001\u0002\u0003'])
  })

  it('says at once that a body is none, and can still be answered', async () => {
    const { responses, texts } = await gather(1)
    const [response] = responses as [GatheredResponse]
    expect(() => response.end(7 as never)).toThrow(TypeError)
    response.end('ended')
    expect(await Promise.all(texts)).toEqual(['ended'])
  })

  it('is silent when it ends twice, and its client has not taken all of it', async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x')
    const { responses, texts } = await gather(1)
    const [response] = responses as [GatheredResponse]
    const faults: unknown[] = []
    response.on('error', (fault) => faults.push(fault))
    response.end(body)
    response.end()
    await turnEnd()
    await turnEnd()
    expect(faults).toEqual([])
    const [text] = await Promise.all(texts)
    expect(text?.length).toBe(body.byteLength)
  })

  it('that is destroyed once it has ended is written first', async () => {
    const { responses, texts } = await gather(1)
    responses[0]?.end('ended').destroy()
    expect(await Promise.all(texts)).toEqual(['ended'])
  })

  it('whose connection is lost meanwhile keeps no other from its client', async () => {
    const { responses, texts } = await gather(3)
    for (const response of responses) response.end('ended')
    responses[1]?.socket?.destroy()
    const ends = await Promise.allSettled(texts)
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  })
})

describe('a client that sends no more', () => {
  it('gets the answer that ended before that was heard', async () => {
    const atTurnEnd = async () => {
      await turnEnd()
      return new Response('ended')
    }
    const http = await listen(atTurnEnd, { port: 0, host: '127.0.0.1' })
    const client = connect(http.address.port, '127.0.0.1')
    client.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(Buffer.concat(await client.toArray()).toString()).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nended$/s)
    await http.drain(0)
  })
})

describe('a refusal', () => {
  it.each([
    ['400', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nno request\r\n\r\n'],
    ['417', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n\r\n'],
  ])('with %s reaches a client that sends what cannot be read behind it', async (status, bytes) => {
    const http = await listen(() => new Response('served'), { port: 0, host: '127.0.0.1' })
    const client = connect(http.address.port, '127.0.0.1')
    client.write(bytes)
    const answer = Buffer.concat(await client.toArray()).toString()
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
    await http.drain(0)
  })
})

describe('a drain in the turn in which an answer ended', () => {
  it('waits for the answer, and for no other on its connection', async () => {
    const drained = Promise.withResolvers<void>()
    const http = await listen(
      (_request, { outgoing }) => {
        const drainOnceEnded = () => {
          if (outgoing.headersSent) drained.resolve(http.drain(60_000))
          else queueMicrotask(drainOnceEnded)
        }
        queueMicrotask(drainOnceEnded)
        return new Response('ended')
      },
      { port: 0, host: '127.0.0.1' },
    )
    const agent = new Agent({ keepAlive: true })
    const [answer] = await once(get({ port: http.address.port, host: '127.0.0.1', agent }), 'response')
    expect(Buffer.concat(await answer.toArray()).toString()).toBe('ended')
    await drained.promise
    agent.destroy()
  })
})
