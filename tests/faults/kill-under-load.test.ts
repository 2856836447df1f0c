import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { migratedDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import {
  acceptedAfterRevocation,
  doubleUses,
  mixedIdentities,
  told,
  wrongRefusals,
} from './support/checkers.ts'
import { startLoad } from './support/load.ts'
import { lostWrites } from './support/lost-writes.ts'
import { measured, tellMs } from './support/measured.ts'
import { prepareStage } from './support/stage.ts'
import { rounds } from './support/thorough.ts'

/** Between a start and the kill: a different place in its work each time. */
const LIVES_MS = { least: 200, most: 1500 }
/** A revocation reaches tokens at once where there is one process. */
const REVOKED_WITHIN_MS = 1000

describe.each([
  { kind: 'PostgreSQL', kills: rounds(4, 100), perSecond: rounds(60, 100) },
  { kind: 'PGlite', kills: rounds(2, 15), perSecond: 40 },
])('a gateway on $kind that is killed $kills times under load', ({ kind, kills, perSecond }) => {
  it('keeps every promise that it made, and starts again without help', {
    timeout: 60_000 + kills * 20_000,
  }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-kills-'))
    const database = kind === 'PGlite' ? undefined : await migratedDatabase()
    const env = {
      PORT: String(await freePort()),
      ...(database !== undefined && { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }),
    }
    let gateway = await startGatewayProcess(env, { dataDir })
    try {
      const adminKey = await gateway.firstKey()
      const stage = await prepareStage(gateway.url, { adminKey, machines: 12, people: 3 })
      const load = startLoad({ urls: [gateway.url], stage, perSecond })
      let longestMs = 0
      for (let killed = 0; killed < kills; killed++) {
        const lives = LIVES_MS.least + Math.random() * (LIVES_MS.most - LIVES_MS.least)
        await new Promise((done) => setTimeout(done, lives))
        expect(await gateway.stop('SIGKILL')).toBe('SIGKILL')
        const killedAt = performance.now()
        gateway = await startGatewayProcess(env, { dataDir })
        longestMs = Math.max(longestMs, performance.now() - killedAt)
      }
      const log = await load.stop()
      const unknown = log.all.filter(({ outcome }) => outcome === 'unknown')
      // Some were cut in the middle, or the kills showed nothing.
      expect(unknown.length).toBeGreaterThan(kills)
      expect(log.all.filter(({ status = 0 }) => status >= 500).map(told)).toEqual([])
      expect(doubleUses(log)).toEqual([])
      expect(mixedIdentities(log)).toEqual([])
      expect(wrongRefusals(log)).toEqual([])
      expect(acceptedAfterRevocation(log, REVOKED_WITHIN_MS)).toEqual([])
      expect(await lostWrites(log, { url: gateway.url, stage })).toEqual([])
      const writes = log.all.filter(({ kind: of, outcome }) => of !== 'protected' && outcome === 'ok').length
      measured(
        'F12',
        `${kind}: ${kills} kills under ${log.all.length} calls, ${unknown.length} of them without an answer: 0 of ${writes} acknowledged writes lost, 0 tokens used twice; serving again after ${tellMs(longestMs)} at the longest`,
      )
    } finally {
      await gateway.remove()
      await database?.drop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})
