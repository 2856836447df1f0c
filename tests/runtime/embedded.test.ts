import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { afterEach, describe, expect, inject, it, vi } from 'vitest'
import { openEmbedded } from '../../src/runtime/embedded.ts'
import { createStore } from '../../src/store/store.ts'
import { aClient, aKey, aSession } from '../support/store-under-test.ts'

describe('the embedded database', () => {
  afterEach(() => vi.restoreAllMocks())

  it('has calls that one turn of the event loop brings share a statement, and not one each', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-embedded-'))
    const { db, hotPath, close } = await openEmbedded(folder)
    const store = createStore(db, hotPath)
    const client = aClient()
    const key = aKey(client)
    await store.insertClient(client)
    await store.insertKey(key, undefined)
    const openings = vi.spyOn(PGlite.prototype, 'query')
    // Each in its own callback with all of its promises, as sockets bring them.
    const opened = Array.from(
      { length: 20 },
      () =>
        new Promise((done) => {
          setTimeout(() => done(store.openSession(aSession(key), key.version)), 0)
        }),
    )
    expect(await Promise.all(opened)).toEqual(Array.from({ length: 20 }, () => true))
    expect(openings.mock.calls.length).toBeLessThan(5)
    await close()
    await rm(folder, { recursive: true })
  })

  it('lets no call through while it copies what has changed, and the copy has all that was answered', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-embedded-'))
    await cp(inject('embeddedTemplate'), folder, { recursive: true })
    const { db, copying, close } = await openEmbedded(folder)
    await db.execute('create table counted (n integer)')
    let counted = 0
    let whileHeld = 0
    let copied = false
    const counting = (async () => {
      while (!copied) {
        await db.execute(`insert into counted values (${counted + 1})`)
        counted++
        if (copying!.heldUntilMs() === Number.POSITIVE_INFINITY) whileHeld++
        // PGlite alone never lets the event loop go round.
        await setImmediate()
      }
    })()
    await vi.waitUntil(() => counted > 10)
    const before = counted
    const heldMs = await copying!.copyTo(join(folder, 'copy'))
    const after = counted
    copied = true
    await counting
    // The one whose answer was on its way.
    expect(whileHeld).toBeLessThanOrEqual(1)
    expect(heldMs).toBeGreaterThan(0)
    expect(after).toBeGreaterThan(before + 10)
    const copy = await PGlite.create(join(folder, 'copy'))
    const { rows } = await copy.query<{ n: number }>('select n from counted order by n')
    expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: rows.length }, (_, index) => index + 1))
    expect(rows.length).toBeGreaterThanOrEqual(before)
    await copy.close()
    await close()
    await rm(folder, { recursive: true })
  })
})
