import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { ended, type RelayBench, startRelayBench } from '../support/socket-relay.ts'

let bench: RelayBench
beforeAll(async () => {
  bench = await startRelayBench()
})
afterAll(() => bench.stop())

describe('the WebSocket relay', () => {
  it('carries texts and bytes both ways', async () => {
    const { client, upstream } = await bench.open()
    expect(bench.outcomes.at(-1)).toMatchObject({ kind: 'answered', status: 101, complete: true })
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      const texts = once(to, 'message')
      from.send('grüße 🎉')
      expect(await texts).toEqual([Buffer.from('grüße 🎉'), false])
      const bytes = once(to, 'message')
      from.send(new Uint8Array([0, 255, 128]))
      expect(await bytes).toEqual([Buffer.from([0, 255, 128]), true])
    }
    client.close()
    await ended(upstream)
  })

  it('loses no message that the upstream sends with its handshake', async () => {
    bench.upstream.once('connection', (socket) => {
      socket.send('first')
      socket.send('second')
    })
    const client = bench.dial()
    const messages: string[] = []
    client.on('message', (data) => messages.push(data.toString()))
    await expect.poll(() => messages).toEqual(['first', 'second'])
    client.terminate()
  })

  it('sends the target and the fields as they are spelled, and no extensions', async () => {
    const arrived = once(bench.upstream, 'connection')
    const client = bench.dial({
      target: '/a/%2e%2e/../b;c?d={e}',
      fields: ['Host', 'api.test', 'X-Auth-Subject', 'ada', 'X-Two', '1', 'x-two', '2'],
      answerFields: ['X-Request-Id', 'r1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    })
    const answered = once(client, 'upgrade') as Promise<[IncomingMessage]>
    const [, request] = (await arrived) as [WebSocket, IncomingMessage]
    expect(request.url).toBe('/a/%2e%2e/../b;c?d={e}')
    expect(request.headers.host).toBe('api.test')
    expect(request.headersDistinct['x-two']).toEqual(['1', '2'])
    expect(request.headers['x-auth-subject']).toBe('ada')
    expect(request.headers['sec-websocket-extensions']).toBeUndefined()
    const [answer] = await answered
    expect(answer.headers['x-request-id']).toBe('r1')
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(answer.headers['sec-websocket-extensions']).toBeUndefined()
    client.terminate()
  })
})

describe('the subprotocol', () => {
  const offer = { protocols: ['chat.v2', 'chat.v1'] }

  it('is the one that the upstream chose', async () => {
    bench.upstream.options.handleProtocols = (offered) => [...offered].at(-1)!
    const { client, upstream } = await bench.open({}, offer)
    expect([client.protocol, upstream.protocol]).toEqual(['chat.v1', 'chat.v1'])
    client.terminate()
  })

  it('is the fallback when the upstream chose none', async () => {
    bench.upstream.options.handleProtocols = () => false
    const call = { protocols: ['chat.v2'], fallbackProtocol: 'guichet' }
    const { client, upstream } = await bench.open(call, { protocols: ['guichet', 'chat.v2'] })
    expect([client.protocol, upstream.protocol]).toEqual(['guichet', ''])
    client.terminate()
  })

  it('is the fallback when the upstream was offered none', async () => {
    const call = { protocols: [], fallbackProtocol: 'guichet' }
    const { client } = await bench.open(call, { protocols: ['guichet'] })
    expect(client.protocol).toBe('guichet')
    client.terminate()
  })

  it('is left out when nobody chose one', async () => {
    bench.upstream.options.handleProtocols = () => false
    const client = bench.dial({}, offer)
    // The client of these tests takes that for an error, as a browser does.
    const refused = once(client, 'error')
    const [answer] = await once(client, 'upgrade')
    expect(answer.headers['sec-websocket-protocol']).toBeUndefined()
    await refused
  })
})

describe('the end of a WebSocket', () => {
  it.each([
    [4000, 'enough'],
    [1000, ''],
    [1011, 'a fault'],
  ])('goes on with its code and reason: %i %s', async (code, reason) => {
    for (const [from, to] of [
      ['client', 'upstream'],
      ['upstream', 'client'],
    ] as const) {
      const relay = await bench.open()
      const seen = ended(relay[to])
      relay[from].close(code, reason)
      expect(await seen).toEqual({ code, reason })
    }
  })

  it('goes on without a code when it had none', async () => {
    const { client, upstream } = await bench.open()
    client.close()
    expect(await ended(upstream)).toEqual({ code: 1005, reason: '' })
  })

  it('closes the upstream when the client vanishes', async () => {
    const { client, upstream } = await bench.open()
    client.terminate()
    expect(await ended(upstream)).toEqual({ code: 1001, reason: 'client_gone' })
  })

  it('tells the client when the upstream vanishes', async () => {
    const { client, upstream } = await bench.open()
    upstream.terminate()
    expect(await ended(client)).toEqual({ code: 1011, reason: 'upstream_gone' })
  })

  it('comes after all that was sent before it', async () => {
    const { client, upstream } = await bench.open()
    let receivedBytes = 0
    upstream.on('message', (data: Buffer) => {
      receivedBytes += data.byteLength
    })
    upstream.pause()
    for (let count = 0; count < 256; count++) client.send(Buffer.alloc(64 * 1024))
    client.close(4000)
    const seen = ended(upstream)
    upstream.resume()
    expect((await seen).code).toBe(4000)
    expect(receivedBytes).toBe(256 * 64 * 1024)
  })

  it('leaves no connection to the upstream behind', async () => {
    await expect.poll(bench.upstreamConnections).toBe(0)
    const relays = await Promise.all(Array.from({ length: 50 }, () => bench.open()))
    expect(bench.upstreamConnections()).toBe(50)
    for (const [index, { client }] of relays.entries()) index % 2 ? client.terminate() : client.close()
    await expect.poll(bench.upstreamConnections).toBe(0)
  })
})

describe('a message', () => {
  it.each(['client', 'upstream'] as const)(
    'may be as long as the cap and no longer, from the %s',
    async (side) => {
      const relay = await bench.open({ messageMaxBytes: 1000 })
      const other = side === 'client' ? relay.upstream : relay.client
      const received = once(other, 'message')
      relay[side].send(Buffer.alloc(1000))
      expect((await received)[0]).toHaveLength(1000)
      const ends = Promise.all([ended(relay[side]), ended(other)])
      relay[side].send(Buffer.alloc(1001))
      expect((await ends).map(({ code }) => code)).toEqual([1009, 1009])
    },
  )

  it.each(['client', 'upstream'] as const)('waits for a slow reader: the %s', async (side) => {
    const relay = await bench.open()
    const reader = relay[side]
    const writer = side === 'client' ? relay.upstream : relay.client
    const totalBytes = 64 * 1024 * 1024
    let receivedBytes = 0
    reader.on('message', (data: Buffer) => {
      receivedBytes += data.byteLength
    })
    reader.pause()
    const piece = Buffer.alloc(256 * 1024)
    for (let count = 0; count < totalBytes / piece.byteLength; count++) writer.send(piece)
    // What is not read stays with the one who wrote it: the kernel's buffers and the relay hold a few megabytes.
    let lastAmount = -1
    await vi.waitUntil(
      () => {
        const amount = writer.bufferedAmount
        const stalled = amount === lastAmount
        lastAmount = amount
        return stalled
      },
      { interval: 100, timeout: 10_000 },
    )
    expect(lastAmount).toBeGreaterThan(totalBytes / 2)
    reader.resume()
    await vi.waitFor(() => expect(receivedBytes).toBe(totalBytes), { timeout: 10_000 })
    reader.terminate()
  })
})
