import { describe, expect, it } from 'vitest'
import type { JobResult, Round } from '../../bench/measure.ts'
import { figuresOf, jobTable, millis, ratioText } from '../../bench/report.ts'

const round = (perSecond: number, floor: number): Round => ({
  perSecond,
  ratio: perSecond / floor,
  saturated: { completed: perSecond, perSecond, p50Ms: 1.5, p99Ms: 20 },
  half: { completed: perSecond / 2, perSecond: perSecond / 2, p50Ms: 0.5, p99Ms: 120 },
  appMicros: 70.4,
  postgresMicros: 21,
  rssMib: 130,
})

const result = (rows: JobResult['rows']): JobResult => ({
  name: 'exchange',
  title: 'Exchange',
  description: '',
  floorPerSecond: [50_000, 60_000, 40_000],
  rows,
})

describe('the figures of a contender', () => {
  it('take the ratio of each round to the floor of that round', () => {
    // The third round was slow for all: by itself the rate says 0.1 of the median floor.
    const rounds = [round(10_000, 50_000), round(12_600, 60_000), round(5000, 25_000)]
    expect(figuresOf(rounds).ratio).toBe(0.2)
    expect(figuresOf(rounds).perSecond).toBe(10_000)
  })

  it('have no half load when none was measured', () => {
    const { half: _, ...rest } = round(1, 2)
    expect(figuresOf([{ ...rest, half: undefined }]).half).toBeUndefined()
  })
})

describe('the table of a job', () => {
  it('begins with the floor and has a line for each contender', () => {
    const lines = jobTable(result([{ name: 'Guichet', rounds: [round(10_000, 50_000)] }])).split('\n')
    expect(lines[2]).toBe('| floor | 50,000 | 1.00 |  |  |  |  |  |')
    expect(lines[3]).toBe('| Guichet | 10,000 | 0.20 | 0.50 / 120 | 1.50 / 20.0 | 70 | 21 | 130 |')
  })

  it('says why a contender was not run, and gives it no figure', () => {
    const lines = jobTable(result([{ name: 'nginx', why: 'nginx is not installed' }])).split('\n')
    expect(lines[3]).toBe('| nginx | not run: nginx is not installed |  |  |  |  |  |  |')
  })

  it('keeps what a server said from ending a cell', () => {
    expect(jobTable(result([{ name: 'peer', why: 'a | b' }]))).toContain('not run: a \\| b |')
  })

  it('has as many cells in each line as in its heading', () => {
    const table = jobTable(
      result([
        { name: 'a', rounds: [round(1, 2)] },
        { name: 'b', why: 'c' },
      ]),
    )
    expect(new Set(table.split('\n').map((line) => line.split('|').length)).size).toBe(1)
  })
})

describe('a figure', () => {
  it('of a ratio keeps two digits that mean something', () => {
    expect([1.118, 0.178, 0.06, 0.0061].map(ratioText)).toEqual(['1.12', '0.18', '0.060', '0.0061'])
  })

  it('of a time keeps three', () => {
    expect([0.4, 12.34, 1234].map(millis)).toEqual(['0.40', '12.3', '1,234'])
  })
})
