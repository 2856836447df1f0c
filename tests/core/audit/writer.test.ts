import { describe, expect, it } from 'vitest'
import { type AuditEvent, auditEvent } from '../../../src/core/audit/event.ts'
import { createAuditWriter } from '../../../src/core/audit/writer.ts'
import { at } from '../../support/store-under-test.ts'

const anEvent = (target: string): AuditEvent =>
  auditEvent({ now: () => at(0), newId: () => crypto.randomUUID() }, { kind: 'exchange', target }, undefined)

/** A table that takes a batch when it is told to, and no batch with a poisoned row in it. */
function aTable() {
  const batches: string[][] = []
  const gates: PromiseWithResolvers<void>[] = []
  return {
    batches,
    /** Lets the batch that is under way end. */
    release: (fault?: Error) => {
      const gate = gates.shift()
      if (fault === undefined) gate?.resolve()
      else gate?.reject(fault)
    },
    async insertAuditEvents(events: readonly AuditEvent[]) {
      batches.push(events.map(({ target }) => target ?? ''))
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
      if (events.some(({ target }) => target === 'poison')) throw new Error('a row that cannot be')
    },
  }
}

const soon = () => new Promise((done) => setImmediate(done))

describe('the audit writer', () => {
  it('writes what comes together, and what comes meanwhile, in one statement each', async () => {
    const table = aTable()
    const { record } = createAuditWriter(table)
    const first = [record(anEvent('a')), record(anEvent('b'))]
    await soon()
    const second = [record(anEvent('c')), record(anEvent('d')), record(anEvent('e'))]
    await soon()
    expect(table.batches).toEqual([['a', 'b']])
    table.release()
    await Promise.all(first)
    await soon()
    expect(table.batches).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ])
    table.release()
    await Promise.all(second)
  })

  it('tells nobody that it is written before it is', async () => {
    const table = aTable()
    let written = false
    const recorded = createAuditWriter(table)
      .record(anEvent('a'))
      .then(() => {
        written = true
      })
    await soon()
    expect(written).toBe(false)
    table.release()
    await recorded
    expect(written).toBe(true)
  })

  it('lets a poisoned row fail alone', async () => {
    const table = aTable()
    const { record } = createAuditWriter(table)
    const outcomes = Promise.allSettled(['a', 'b', 'poison', 'c', 'd'].map((name) => record(anEvent(name))))
    let settled = false
    void outcomes.then(() => {
      settled = true
    })
    while (!settled) {
      table.release()
      await soon()
    }
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
  })

  it('fails all at once when the database is away, those who wait as well, and works again when it is back', async () => {
    const table = aTable()
    const { record } = createAuditWriter(table)
    const first = [record(anEvent('a')), record(anEvent('b'))]
    await soon()
    const away = Promise.allSettled([...first, record(anEvent('behind them'))])
    table.release(Object.assign(new Error('away'), { name: 'StoreUnavailableError' }))
    expect((await away).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(table.batches).toHaveLength(1)
    const back = record(anEvent('c'))
    await soon()
    table.release()
    await back
  })
})
