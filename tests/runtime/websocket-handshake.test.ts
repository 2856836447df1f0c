import { once } from 'node:events'
import { type ClientRequest, createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import type { SocketCall } from '../../src/http/wire.ts'
import { patientTimeouts, type RelayBench, startRelayBench } from '../support/socket-relay.ts'

let bench: RelayBench
beforeAll(async () => {
  bench = await startRelayBench()
})
afterAll(() => bench.stop())

describe('an upstream that opens no WebSocket', () => {
  it('has its own answer passed on, redirects unfollowed', async () => {
    for (const [status, body] of [
      [401, 'who are you?'],
      [404, ''],
      [302, ''],
    ] as const) {
      const { call, stop } = await httpUpstream((_request, response) =>
        response.writeHead(status, { Location: 'http://127.0.0.1:1/', 'X-Own': 'yes' }).end(body),
      )
      expect(await refusal(bench.dial(call))).toMatchObject({ statusCode: status, body })
      const outcome = bench.outcomes.at(-1)!
      expect(outcome).toMatchObject({ kind: 'declined', status })
      if (outcome.kind === 'declined') {
        const names = outcome.fields.filter((_text, index) => index % 2 === 0)
        expect(names).toContain('X-Own')
        expect(names.join().toLowerCase()).not.toMatch(/content-length|transfer-encoding/)
      }
      await stop()
    }
  })

  it('has a body over the cap left out', async () => {
    for (const [sizeBytes, expected] of [
      [64 * 1024, 64 * 1024],
      [64 * 1024 + 1, 0],
    ] as const) {
      const { call, stop } = await httpUpstream((_request, response) =>
        response.writeHead(403).end(Buffer.alloc(sizeBytes, 'x')),
      )
      expect((await refusal(bench.dial(call))).body).toHaveLength(expected)
      await stop()
    }
  })

  it('is unreachable, late or broken', async () => {
    const gone = await httpUpstream(() => {})
    await gone.stop()
    expect(await fault(gone.call)).toBe('unreachable')

    const silent = await httpUpstream(() => {})
    const timeouts = { ...patientTimeouts, firstByteMs: 100 }
    expect(await fault({ ...silent.call, timeouts })).toBe('first_byte_timeout')
    await expect.poll(silent.connections).toBe(0)
    await silent.stop()

    const garbled = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
        ),
      )
    }).listen(0, '127.0.0.1')
    await once(garbled, 'listening')
    expect(await fault(towards(garbled.address() as AddressInfo))).toBe('broken')
    garbled.close()

    expect(await fault({ address: { kind: 'binding', name: 'API' } })).toBe('unreachable')
  })

  it('gets no connection in time', async () => {
    // A server of TLS that never says its part: there is no connection to speak on.
    const mute = createTcpServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const { port } = mute.address() as AddressInfo
    const timeouts = { ...patientTimeouts, connectMs: 100 }
    const address = { kind: 'origin', origin: `https://127.0.0.1:${port}` } as const
    expect(await fault({ address, timeouts })).toBe('unreachable')
    mute.close()
  })

  it('is left alone when the client goes first', async () => {
    const silent = await httpUpstream(() => {})
    const client = bench.dial(silent.call)
    client.on('error', () => {})
    await expect.poll(silent.connections).toBe(1)
    const before = bench.outcomes.length
    client.terminate()
    await expect.poll(() => bench.outcomes[before]).toMatchObject({ fault: 'client_gone' })
    await expect.poll(silent.connections).toBe(0)
    await silent.stop()
  })

  it('never hears of what is no handshake', async () => {
    const heard = vi.fn()
    bench.upstream.on('connection', heard)
    for (const wrong of [
      { 'Sec-WebSocket-Version': '8' },
      { 'Sec-WebSocket-Key': 'short' },
      { 'Sec-WebSocket-Protocol': 'twice, twice' },
      { 'Sec-WebSocket-Protocol': 'a b' },
    ]) {
      expect(await refusal(bench.dial({}, { headers: wrong, finishRequest: rewrite(wrong) }))).toMatchObject({
        statusCode: 400,
        headers: { 'sec-websocket-version': '13' },
      })
    }
    bench.upstream.off('connection', heard)
    expect(heard).not.toHaveBeenCalled()
  })
})

async function httpUpstream(answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  // With no listener of upgrades Node answers the request as any other.
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    socket.once('close', () => connections--)
  })
  await once(server, 'listening')
  return {
    call: towards(server.address() as AddressInfo),
    connections: () => connections,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function towards({ port }: AddressInfo): Partial<SocketCall> {
  return { address: { kind: 'origin', origin: `http://127.0.0.1:${port}` } }
}

/** The answer to a handshake that was not met. */
async function refusal(client: WebSocket) {
  client.on('error', () => {})
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
  let body = ''
  for await (const piece of response) body += piece
  return { statusCode: response.statusCode, headers: response.headers, body }
}

async function fault(call: Partial<SocketCall>) {
  return (await refusal(bench.dial(call))).headers['x-fault']
}

/** Spells fields of the handshake that the client would not. */
function rewrite(fields: Readonly<Record<string, string>>) {
  return (request: ClientRequest) => {
    for (const [name, value] of Object.entries(fields)) request.setHeader(name, value)
    request.end()
  }
}
