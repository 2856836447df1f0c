import { describe, expect, it } from 'vitest'
import type { RequestLine } from '../../../src/http/gateway-env.ts'
import type { Sample } from '../../../src/runtime/metrics/exposition.ts'
import { createRequestTally } from '../../../src/runtime/metrics/request-tally.ts'
import { aRequestLine } from '../../support/request-line.ts'

function tallyOf(...lines: readonly Partial<RequestLine>[]) {
  const tally = createRequestTally({ histogram: 'took' })
  for (const line of lines) tally.add(aRequestLine(line))
  return tally
}

const spelled = (samples: readonly Sample[]) =>
  samples
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => `${Object.values(labels).join(' ')} ${value}`)
    .sort()

describe('the tally of calls', () => {
  it('counts by method, route and status', () => {
    const tally = tallyOf({}, {}, { status: 401 }, { method: 'POST' })
    expect(spelled(tally.requests())).toEqual([
      'GET /api/v1/me 200 2',
      'GET /api/v1/me 401 1',
      'POST /api/v1/me 200 1',
    ])
  })

  it('has one name for all methods and statuses that are none of the usual', () => {
    const odd = ['BREW', 'get', 'TRACE', '{x="y"}', ''].map((method) => ({ method }))
    const tally = tallyOf(...odd, { status: 99 }, { status: 600 }, { status: 999 })
    expect(spelled(tally.requests())).toEqual(['GET /api/v1/me other 3', 'other /api/v1/me 200 5'])
  })

  it('names what a rule took by the rule', () => {
    const tally = tallyOf(
      { route: '(none)', rule: 'orders' },
      { route: '/authz/forward-auth', rule: 'orders' },
      { route: '(none)', status: 404 },
    )
    expect(spelled(tally.requests())).toEqual([
      'GET (none) 404 1',
      'GET /authz/forward-auth 200 1',
      'GET rule:orders 200 1',
    ])
  })

  it('keeps to a thousand routes and one more, however many rules come and go', () => {
    const rules = Array.from({ length: 1500 }, (_, n) => ({ route: '(none)', rule: `r${n}`, upstream: 'u' }))
    const tally = tallyOf(...rules)
    expect(new Set(tally.requests().map(({ labels }) => labels['route'])).size).toBe(1001)
    expect(tally.requests().find(({ labels }) => labels['route'] === '(other)')?.value).toBe(500)
    expect(new Set(tally.upstreamAnswers().map(({ labels }) => labels['rule'])).size).toBe(1001)
  })

  it('counts a duration in every bucket that it is not above', () => {
    const tally = tallyOf({ durationMs: 0.5 }, { durationMs: 0.5001 }, { durationMs: 10_001 })
    const samples = tally.latencies()
    const upTo = (le: string) => samples.find(({ labels }) => labels['le'] === le)?.value
    expect([upTo('0.0005'), upTo('0.001'), upTo('10'), upTo('+Inf')]).toEqual([1, 2, 2, 3])
    const named = (name: string) => samples.find((sample) => sample.name === name)?.value
    expect([named('took_count'), named('took_sum')]).toEqual([3, expect.closeTo(10.0020001)])
  })

  it('counts refusals, and those that a rule only watched', () => {
    const tally = tallyOf({ reason: 'credential_missing' }, { shadowed: 'permission_missing' }, {})
    expect(spelled(tally.refusals())).toEqual(['credential_missing 1'])
    expect(spelled(tally.shadowRefusals())).toEqual(['permission_missing 1'])
  })

  it('counts what upstreams answered by rule and class, and what never came', () => {
    const to = { route: '(none)', rule: 'orders', upstream: 'u' }
    const tally = tallyOf(
      { ...to, status: 204 },
      { ...to, status: 101 },
      { ...to, status: 503 },
      { ...to, status: 200, reason: 'upstream_failed', cause: 'cut in the middle' },
      { ...to, status: 503, reason: 'upstream_unavailable' },
      { ...to, status: 999 },
      // Refused before it: no upstream was asked.
      { ...to, upstream: undefined, status: 401, reason: 'credential_missing' },
    )
    expect(spelled(tally.upstreamAnswers())).toEqual([
      'orders 1xx 1',
      'orders 2xx 2',
      'orders 5xx 1',
      'orders none 1',
      'orders other 1',
    ])
  })
})
