import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SocketCall } from '../../src/http/wire.ts'
import { ended, patientTimeouts, type RelayBench, startRelayBench } from '../support/socket-relay.ts'

let bench: RelayBench
beforeAll(async () => {
  bench = await startRelayBench()
})
afterAll(() => bench.stop())

describe('a WebSocket held to its credential', () => {
  it.each([
    ['token_expired', 4401, 1000],
    ['token_revoked', 4401, 1000],
    ['shutting_down', 1001, 1001],
  ] as const)('is cut for %s with %i', async (reason, clientCode, upstreamCode) => {
    const lease = leased()
    const { client, upstream } = await bench.open({ onStream: lease.onStream })
    const ends = Promise.all([ended(client), ended(upstream)])
    lease.cut(reason)
    const [seenByClient, seenByUpstream] = await ends
    expect(seenByClient).toEqual({ code: clientCode, reason })
    expect(seenByUpstream.code).toBe(upstreamCode)
    await lease.over
  })

  it('is cut, though its client reads nothing', async () => {
    const lease = leased()
    const { client, upstream } = await bench.open({ onStream: lease.onStream })
    client.pause()
    const cutAtMs = performance.now()
    const upstreamEnded = ended(upstream)
    lease.cut('token_revoked')
    await upstreamEnded
    await lease.over
    // The library alone would wait for half a minute.
    expect(performance.now() - cutAtMs).toBeLessThan(10_000)
    client.terminate()
  })

  it('can be cut at once, and says when it is over', async () => {
    const released = vi.fn()
    const client = bench.dial({
      onStream(cut) {
        cut('token_revoked')
        return released
      },
    })
    expect((await ended(client)).code).toBe(4401)
    await expect.poll(() => released).toHaveBeenCalledOnce()
  })

  it('says that it is over when the client closes', async () => {
    const lease = leased()
    const { client } = await bench.open({ onStream: lease.onStream })
    client.close()
    await lease.over
  })
})

describe('a quiet WebSocket', () => {
  const timeouts = { ...patientTimeouts, idleMs: 600 }

  it('lives while both ends answer pings', async () => {
    const { client, upstream } = await bench.open({ timeouts })
    for (const socket of [client, upstream])
      for (let count = 0; count < 3; count++) await once(socket, 'ping')
    expect([client.readyState, upstream.readyState]).toEqual([1, 1])
    client.terminate()
  })

  it.each(['client', 'upstream'] as const)('ends when the %s answers none', async (side) => {
    if (side === 'upstream') bench.upstream.options.autoPong = false
    const { client, upstream } = await bench.open({ timeouts }, { autoPong: side !== 'client' })
    bench.upstream.options.autoPong = true
    const codes = Promise.all([ended(client), ended(upstream)])
    expect((await codes).map(({ code }) => code)).toEqual(side === 'client' ? [1006, 1001] : [1011, 1006])
  })

  it('is asked nothing when it may be quiet for ever', async () => {
    const quiet = await bench.open()
    const asked = vi.fn()
    quiet.client.on('ping', asked)
    const other = await bench.open({ timeouts })
    for (let count = 0; count < 3; count++) await once(other.client, 'ping')
    expect(asked).not.toHaveBeenCalled()
    for (const { client } of [quiet, other]) client.terminate()
  })
})

function leased() {
  const over = Promise.withResolvers<void>()
  const handed: Parameters<NonNullable<SocketCall['onStream']>>[0][] = []
  return {
    over: over.promise,
    cut: (reason: Parameters<(typeof handed)[0]>[0]) => handed[0]!(reason),
    onStream: (cut: (typeof handed)[0]) => {
      handed.push(cut)
      return () => over.resolve()
    },
  }
}
