import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { admissionCases } from './admission-cases.ts'
import { askingCases } from './asking-cases.ts'
import { type Bench, startBench } from './bench.ts'
import { pathCases } from './path-cases.ts'
import { askingProxies } from './proxies.ts'
import { send } from './send.ts'
import { spoofingCases } from './spoofing-cases.ts'
import { streamCases } from './stream-cases.ts'
import { verifyingCases } from './verifying-cases.ts'

const everywhere = [...admissionCases, ...spoofingCases, ...pathCases, ...streamCases]

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterEach(async () => {
  bench.api.calls.length = 0
  await bench.way.open()
})
afterAll(() => bench?.stop())

describe.each(askingProxies)('$name', ({ name }) => {
  it.each([...everywhere, ...askingCases])('$name', ({ check }) => check({ bench, proxy: bench.proxy(name) }))
})

describe('HAProxy by itself', () => {
  it.each([...everywhere, ...verifyingCases])('$name', ({ check }) =>
    check({ bench, proxy: bench.proxy('HAProxy by itself') }),
  )
})

describe('a Guichet that does not answer', () => {
  it('is not waited for: nothing passes, at no proxy that asks', async () => {
    bench.way.hold()
    const call = { target: '/orders/1', token: bench.reader.token }
    const since = performance.now()
    const answers = await Promise.all(askingProxies.map(({ name }) => send(bench.proxy(name).port, call)))
    for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(500)
    expect(performance.now() - since).toBeLessThan(7000)
    expect(bench.api.calls).toEqual([])
  })
})
