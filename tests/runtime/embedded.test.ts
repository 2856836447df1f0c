import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { afterEach, describe, expect, it, vi } from 'vitest'
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
})
