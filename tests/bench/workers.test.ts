import { describe, expect, it } from 'vitest'
import { together } from '../../bench/workers/cpu-cost.ts'
import type { WorkerCosts } from '../../bench/workers/run.ts'
import { workersTable } from '../../bench/workers/section.ts'
import { readCompatibility, workerdConfig } from '../../bench/workers/workerd-config.ts'

const database = { before: 1, after: 1, connections: 1, setUp: 3 }
const costs: WorkerCosts = {
  lanes: 8,
  rows: [
    {
      name: 'Exchange',
      cost: {
        database,
        cpu: {
          alone: { calls: 1000, cpuMicros: 1_230_000, queryTrips: 2000 },
          crowded: { calls: 1000, cpuMicros: 980_000, queryTrips: 1875 },
        },
      },
    },
    { name: 'First call', cost: { database: { ...database, before: 4 }, cpu: undefined } },
    { name: 'Refresh', why: 'it answered 503 | gone' },
  ],
}

describe('the table of the Worker', () => {
  const lines = workersTable(costs).split('\n')

  it('has CPU time and round trips a call', () => {
    expect(lines[2]).toBe('| Exchange | 1.23 | 0.98 | 1 | 1 | 1.88 | 1 | 3 |')
  })

  it('leaves CPU time out where there was one call alone', () => {
    expect(lines[3]).toBe('| First call | – | – | 4 | 1 | – | 1 | 3 |')
  })

  it('says why a call was not measured', () => {
    expect(lines[4]).toBe('| Refresh | not run: it answered 503 \\| gone |  |  |  |  |  |  |')
  })
})

describe('several rounds together', () => {
  it('weigh each call the same', () => {
    const short = { calls: 1, cpuMicros: 10_000, queryTrips: 2 }
    const long = { calls: 99, cpuMicros: 90_000, queryTrips: 99 }
    expect(together([short, long])).toEqual({ calls: 100, cpuMicros: 100_000, queryTrips: 101 })
  })
})

describe('the configuration of workerd', () => {
  it('has the database without its secrets in an address, and settings as texts', () => {
    const config = workerdConfig({
      port: 8787,
      wasmNames: ['abc-simd.wasm'],
      databaseUrl: 'postgres://some%40one:p%22w@127.0.0.1:5433/guichet',
      settings: { PUBLIC_URL: 'http://guichet.test' },
      compatibilityDate: '2026-01-31',
      compatibilityFlags: ['nodejs_compat', 'other'],
    })
    expect(config).toContain('(name = "abc-simd.wasm", wasm = embed "abc-simd.wasm")')
    expect(config).toContain('external = (address = "127.0.0.1:5433", tcp = ())')
    expect(config).toContain('database = "guichet",\n      user = "some@one", password = "p\\"w"')
    expect(config).toContain('(name = "PUBLIC_URL", text = "http://guichet.test")')
    expect(config).toContain('compatibilityFlags = ["nodejs_compat", "other"]')
  })

  it('takes date and flags of wrangler.toml, or says that they are not there', () => {
    const toml = 'compatibility_date = "2026-01-31"\n# why\ncompatibility_flags = ["a", "b"]\n'
    expect(readCompatibility(toml)).toEqual({
      compatibilityDate: '2026-01-31',
      compatibilityFlags: ['a', 'b'],
    })
    expect(() => readCompatibility('compatibility_flags = []')).toThrow('compatibility_date')
  })
})
