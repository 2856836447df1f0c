import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ended } from '../support/socket-relay.ts'
import { type Ends, startWireBench, type WireBench, wireTimeouts, zipped } from '../support/wire-bench.ts'

let bench: WireBench
beforeAll(async () => {
  bench = await startWireBench()
})
afterAll(() => bench.stop())

describe('the wire of a Worker', () => {
  it('carries target, fields and a body of known length as they are', async () => {
    const order = { target: '/a%2Fb;c?d=%7B', fields: ['X-Auth-Subject', 'ada'], method: 'POST' }
    const { status, headers, body } = await bench.send(order, { body: 'x'.repeat(900) })
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-answer': 'passed' })
    const seen = JSON.parse(body.toString())
    expect(seen).toMatchObject({ target: '/a%2Fb;c?d=%7B', bytes: 900 })
    expect(seen.fields.join(': ')).toMatch(/X-Auth-Subject: ada/)
    expect(seen.fields.join(': ')).toMatch(/Content-Length: 900/)
  })

  it.each([0, 10_000])('passes a compressed body untouched, idle limit %i', async (idleMs) => {
    const { headers, body } = await bench.send({ target: '/zipped', timeouts: { ...wireTimeouts, idleMs } })
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.length) })
    expect(body).toEqual(zipped)
  })

  it('keeps the length that an answer to HEAD tells, and follows no redirect', async () => {
    const head = await bench.send({ target: '/five', method: 'HEAD' }, { method: 'HEAD' })
    expect([head.status, head.headers['content-length']]).toEqual([200, '5'])
    const redirect = await bench.send({ target: '/elsewhere' })
    expect([redirect.status, redirect.headers['location']]).toEqual([302, 'http://127.0.0.1:1/'])
  })

  it('takes a body as long as the cap and none longer, however it is framed', async () => {
    const order = { target: '/echo', method: 'POST', bodyMaxBytes: 1000 }
    for (const chunked of [true, false]) {
      expect((await bench.send(order, { body: 'x'.repeat(1000), chunked })).status).toBe(200)
      const refused = await bench.send(order, { body: 'x'.repeat(1001), chunked })
      expect(refused.headers['x-fault']).toBe('body_too_large')
    }
  })

  it('calls a service binding by its name', async () => {
    const found = await bench.send({ address: { kind: 'binding', name: 'API' }, target: '/orders?page=2' })
    expect(JSON.parse(found.body.toString())).toMatchObject({ target: '/orders?page=2' })
    const missing = await bench.send({ address: { kind: 'binding', name: 'NONE' } })
    expect(missing.headers['x-fault']).toBe('unreachable')
  })

  it('names what the upstream did', async () => {
    const late = { ...wireTimeouts, connectMs: 50, firstByteMs: 50 }
    expect((await bench.send({ target: '/silent', timeouts: late })).headers['x-fault']).toBe(
      'first_byte_timeout',
    )
    const nobody = { kind: 'origin', origin: 'http://127.0.0.1:1' } as const
    expect((await bench.send({ address: nobody })).headers['x-fault']).toBe('broken')
  })

  it('never makes a cut look like an end', async () => {
    await expect(bench.send({ target: '/half' })).rejects.toThrow('aborted')
    const idle = { ...wireTimeouts, idleMs: 200 }
    await expect(bench.send({ target: '/events', timeouts: idle })).rejects.toThrow('aborted')
  })

  it('cuts a stream of events whose credential has gone', async () => {
    await expect(bench.send({ target: '/events', cutAtLook: 1 })).rejects.toThrow('aborted')
    await expect.poll(bench.openLeases).toBe(0)
  })

  it('lets go of the upstream when the client takes no more', async () => {
    const asked = once(bench.upstream, 'request') as Promise<[IncomingMessage]>
    const { outgoing, incoming } = await bench.open({ target: '/ticks' })
    await once(incoming, 'data')
    const [{ socket }] = await asked
    const closed = once(socket, 'close')
    outgoing.destroy()
    await closed
    await expect.poll(bench.openLeases).toBe(0)
  })
})

describe('a WebSocket through a Worker', () => {
  it('carries texts and bytes both ways, with the subprotocol that the upstream chose', async () => {
    const { client, server } = await bench.dial({ protocols: ['v1'] }, ['v1'])
    expect([client.protocol, server.protocol]).toEqual(['v1', 'v1'])
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const texts = once(to, 'message')
      from.send('grüße')
      expect(await texts).toEqual([Buffer.from('grüße'), false])
      const bytes = once(to, 'message')
      from.send(Buffer.from([0, 255]))
      expect(await bytes).toEqual([Buffer.from([0, 255]), true])
    }
    const seen = ended(server)
    client.close(4000, 'enough')
    expect(await seen).toEqual({ code: 4000, reason: 'enough' })
  })

  it('answers the fallback when the upstream chose none', async () => {
    const { client } = await bench.dial({ fallbackProtocol: 'guichet' }, ['guichet'])
    expect(client.protocol).toBe('guichet')
    client.terminate()
  })

  it('tells each side how the other ended', async () => {
    for (const [act, toClient, toServer] of [
      [(ends: Ends) => ends.server.close(4002, 'bye'), 4002, 4002],
      [(ends: Ends) => ends.server.terminate(), 1011, 1006],
      [(ends: Ends) => ends.client.terminate(), 1006, 1001],
      [(ends: Ends) => ends.client.close(), 1005, 1005],
      [(ends: Ends) => ends.client.send('é'.repeat(501)), 1009, 1009],
      [(ends: Ends) => ends.server.send('x'.repeat(1001)), 1009, 1009],
    ] as const) {
      const ends = await bench.dial({ messageMaxBytes: 1000 })
      const both = Promise.all([ended(ends.client), ended(ends.server)])
      act(ends)
      expect((await both).map(({ code }) => code)).toEqual([toClient, toServer])
    }
  })

  it('is cut with 4401 when its credential has gone', async () => {
    const { client, server } = await bench.dial({ cutAtLook: 1 })
    const both = Promise.all([ended(client), ended(server)])
    expect(await both).toEqual([
      { code: 4401, reason: 'token_revoked' },
      { code: 1000, reason: '' },
    ])
    await expect.poll(bench.openLeases).toBe(0)
  })

  it('has the answer of an upstream that declines passed on', async () => {
    const client = bench.socketTo({ target: '/no-socket' })
    client.on('error', () => {})
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage]
    expect([response.statusCode, response.headers['x-own']]).toEqual([403, 'yes'])
    expect(Buffer.concat(await Array.fromAsync(response)).toString()).toBe('no!\n')
  })
})
