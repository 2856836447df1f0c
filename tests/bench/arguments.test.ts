import { describe, expect, it } from 'vitest'
import { readArguments } from '../../bench/arguments.ts'
import { growthParts } from '../../bench/growth/names.ts'
import { jobNames } from '../../bench/jobs/names.ts'

describe('the bench without arguments', () => {
  it('measures everything and writes the page', () => {
    expect(readArguments([])).toEqual({
      quick: false,
      jobs: [...jobNames],
      workers: true,
      growth: [...growthParts],
      write: true,
    })
  })
})

describe('a quick run', () => {
  it('leaves the Worker and growth out, and the page as it is', () => {
    expect(readArguments(['--quick'])).toEqual({
      quick: true,
      jobs: [...jobNames],
      workers: false,
      growth: [],
      write: false,
    })
  })

  it('writes the page when it is told to', () => {
    expect(readArguments(['--quick', '--write']).write).toBe(true)
  })
})

describe('a run of some', () => {
  it('has the jobs in the order of the page, whatever the order they are named in', () => {
    const { jobs, growth, write } = readArguments(['--only', 'verify,exchange'])
    expect({ jobs, growth, write }).toEqual({ jobs: ['exchange', 'verify'], growth: [], write: false })
  })

  it('takes growth for all its parts', () => {
    expect(readArguments(['--only', 'growth'])).toMatchObject({ jobs: [], growth: [...growthParts] })
  })

  it('measures the Worker alone', () => {
    expect(readArguments(['--only', 'workers'])).toMatchObject({ jobs: [], workers: true, growth: [] })
    expect(readArguments(['--only', 'exchange']).workers).toBe(false)
  })

  it('refuses a name that there is not', () => {
    expect(() => readArguments(['--only', 'exchange,verfy'])).toThrow('There is no verfy.')
  })
})
