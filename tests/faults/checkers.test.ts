import { describe, expect, it } from 'vitest'
import {
  acceptedAfterRevocation,
  doubleUses,
  hastyRefusals,
  lateAnswers,
  mixedIdentities,
  recoveryMs,
  wrongFaults,
  wrongRefusals,
} from './support/checkers.ts'
import {
  createLog,
  durationsMs,
  type Facts,
  type Operation,
  outcomeOf,
  quantile,
  statusCounts,
} from './support/operations.ts'
import { withMeasured } from './support/write-reliability.ts'

/** A call that took 10 ms and was good, but for what is said. */
function operation(atMs: number, fields: Partial<Operation> & { readonly facts?: Facts } = {}): Operation {
  const kind = fields.kind ?? 'exchange'
  const status = 'status' in fields ? fields.status : 200
  return {
    lane: 'machine-0',
    kind,
    invokedAtMs: atMs,
    endedAtMs: atMs + 10,
    code: undefined,
    facts: {},
    ...fields,
    status,
    outcome: outcomeOf(kind, status),
  }
}

const logOf = (...all: readonly Operation[]) => ({ all })
const faultWindow = { fromMs: 1000, untilMs: 2000, recoveryMs: 500 }

describe('the outcome of a call', () => {
  it.each([
    ['exchange', 200, 'ok'],
    ['account', 409, 'fail'],
    ['account', 503, 'unknown'],
    ['refresh', undefined, 'unknown'],
    ['protected', 503, 'fail'],
    ['protected', undefined, 'unknown'],
  ] as const)('of %s with %s is %s', (kind, status, outcome) => {
    expect(outcomeOf(kind, status)).toBe(outcome)
  })

  it('without an answer is unknown, and the log says so', async () => {
    const log = createLog()
    const order = { lane: 'a', kind: 'account', facts: { deed: 'client' } } as const
    await log.run(order, () => Promise.reject(new TypeError('fetch failed')))
    await log.run(order, () => Promise.reject(new DOMException('late', 'TimeoutError')))
    expect(
      log.all.map(({ outcome, status, endedAtMs }) => [outcome, status, endedAtMs !== undefined]),
    ).toEqual([
      ['unknown', undefined, true],
      ['unknown', undefined, false],
    ])
  })
})

describe('the checker of single-use tokens', () => {
  const use = (atMs: number, successor: string, status = 200) =>
    operation(atMs, { kind: 'refresh', status, facts: { token: 'r0', successor } })

  it('lets the same successor pass, however often it is answered', () => {
    expect(doubleUses(logOf(use(0, 'r1'), use(5, 'r1'), use(9, 'r2', 401)))).toEqual([])
  })

  it('sees two successors', () => {
    expect(doubleUses(logOf(use(0, 'r1'), use(5, 'r2')))).toHaveLength(1)
  })
})

describe('the checker of revocations', () => {
  const revocation = operation(100, { kind: 'account', facts: { deed: 'revocation', id: 'k' } })
  const by = (atMs: number, fields: Partial<Operation> = {}) =>
    operation(atMs, { facts: { keyId: 'k' }, ...fields })

  it('lets pass what began before, what was refused, and a token within its bound', () => {
    const log = logOf(
      by(109),
      revocation,
      by(120, { status: 401 }),
      by(1109, { kind: 'protected' }),
      operation(120, { facts: { keyId: 'another' } }),
    )
    expect(acceptedAfterRevocation(log, 1000)).toEqual([])
  })

  it('sees an exchange after the answer, and a token after its bound', () => {
    const log = logOf(revocation, by(111), by(1111, { kind: 'protected' }))
    expect(acceptedAfterRevocation(log, 1000)).toHaveLength(2)
  })

  it('expects nothing of a revocation that nobody acknowledged', () => {
    expect(acceptedAfterRevocation(logOf({ ...revocation, outcome: 'unknown' }, by(111)), 0)).toEqual([])
  })
})

describe('the checker of identities', () => {
  it('sees an answer that speaks of somebody else', () => {
    const seen = (seenSubject: string | undefined) => operation(0, { facts: { subject: 'ada', seenSubject } })
    expect(mixedIdentities(logOf(seen('ada'), seen(undefined)))).toEqual([])
    expect(mixedIdentities(logOf(seen('bob')))).toHaveLength(1)
  })
})

describe('the checker of refusals', () => {
  it('sees a caller refused who did nothing wrong', () => {
    const refused = (facts: Facts) => operation(0, { status: 401, facts })
    expect(wrongRefusals(logOf(refused({ withdrawn: true }), operation(0, { status: 503 })))).toEqual([])
    expect(wrongRefusals(logOf(refused({})))).toHaveLength(1)
  })
})

describe('the checker of faults', () => {
  it('lets pass a 503 that the fault and its recovery touch', () => {
    const log = logOf(
      operation(995, { status: 503 }),
      operation(1500, { status: 503 }),
      operation(2499, { status: 503 }),
      operation(2600),
    )
    expect(wrongFaults(log, faultWindow)).toEqual([])
  })

  it.each([
    ['a 500 while it lasts', operation(1500, { status: 500 })],
    ['a 503 before it', operation(900, { status: 503 })],
    ['a 503 after its recovery', operation(2501, { status: 503 })],
    ['a broken connection', operation(1500, { status: undefined })],
    ['a call that was never answered', operation(1500, { status: undefined, endedAtMs: undefined })],
  ])('sees %s', (_, wrong) => {
    expect(wrongFaults(logOf(wrong), faultWindow)).toHaveLength(1)
  })

  it('lets connections break where the process is killed, and only meanwhile', () => {
    const broken = (atMs: number) => logOf(operation(atMs, { status: undefined }))
    expect(wrongFaults(broken(1500), { ...faultWindow, mayBreak: true })).toEqual([])
    expect(wrongFaults(broken(2501), { ...faultWindow, mayBreak: true })).toHaveLength(1)
  })

  it('sees a 503 that does not say when to come back', () => {
    const busy = (retryAfter: string | undefined) => operation(0, { status: 503, retryAfter })
    expect(hastyRefusals(logOf(busy('2'), operation(0, { status: 401 })))).toEqual([])
    expect(hastyRefusals(logOf(busy(undefined), busy('0')))).toHaveLength(2)
  })

  it('sees an answer that took too long', () => {
    const slow = operation(0, { endedAtMs: 4501 })
    const lost = operation(0, { endedAtMs: undefined, status: undefined })
    expect(lateAnswers(logOf(operation(0), slow, lost), 4500)).toHaveLength(2)
  })
})

describe('the recovery', () => {
  it('lasts until the first good call after the last fault', () => {
    const log = logOf(
      operation(1500, { status: 503 }),
      operation(2050),
      operation(2100, { status: 503 }),
      operation(2150, { kind: 'protected' }),
      operation(2200),
    )
    expect(recoveryMs(log, 2000)).toBe(210)
  })

  it('never ends without a good call', () => {
    expect(recoveryMs(logOf(operation(2100, { status: 503 })), 2000)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the figures of a log', () => {
  it('are counts and quantiles', () => {
    const all = [operation(0), operation(0, { status: 503 }), operation(0, { endedAtMs: 100 })]
    expect(statusCounts(all)).toBe('200: 2, 503: 1')
    expect(
      quantile(
        durationsMs(all, ({ status }) => status === 200),
        0.99,
      ),
    ).toBe(100)
    expect(quantile([], 0.5)).toBe(0)
  })

  it('stand in the row that they are of, and nowhere else', () => {
    const page = [
      '| F1 | outside | x | | y |',
      '<!-- measured -->',
      '| Id | Fault | Promise | Measured | Test |',
      '|---|---|---|---|---|',
      '| F1 | a | b | – | c |',
      '| F10 | a | b | – | c |',
      '<!-- /measured -->',
    ].join('\n')
    const written = withMeasured(page, [
      { id: 'F1', text: '3 s' },
      { id: 'F1', text: '4 | 5' },
    ])
    expect(written).toContain('| F1 | a | b | 3 s; 4 / 5 | c |\n| F10 | a | b | – | c |')
    expect(written).toContain('| F1 | outside | x | | y |')
    expect(withMeasured(page, [])).toBe(page)
  })
})
