import { once } from 'node:events'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { databaseFolder } from '../../src/runtime/data-folder.ts'
import { type GatewayProcess, runGatewayToItsEnd, startGatewayProcess } from '../support/gateway-process.ts'
import { type Acknowledged, change, exchange, expectNothingLost, nothingYet } from './support/acknowledged.ts'
import { measured, tellMs } from './support/measured.ts'
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts'

const MIB = 1024 * 1024
// The deadline of a query and a moment: the longest that a caller waits, and the longest until the process is gone.
const ANSWER_MS = 4500
// How long the process may be held before it is killed, and some seconds for a busy machine.
const WATCHDOG_MS = 25_000
const oneClearLine = /^guichet: [^{}\n]+\n$/

let disk: SmallDisk

beforeEach(async () => {
  disk = await mountSmallDisk(192)
})

afterEach(() => disk.remove())

async function aDataDir(): Promise<string> {
  const dataDir = join(disk.folder, 'data')
  await cp(inject('embeddedTemplate'), dataDir, { recursive: true })
  return dataDir
}

/** Writes into the log of the database until the piece of it that is in use, of 16 MiB, is nearly full; answers its name. */
async function fillLog(dataDir: string): Promise<string> {
  const client = await PGlite.create({ dataDir: databaseFolder(dataDir) })
  const leftBytes = async () => {
    const { rows } = await client.query<{ readonly used: number }>(
      "select (pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint % $1)::int as used",
      [16 * MIB],
    )
    return 16 * MIB - (rows[0]?.used ?? 0)
  }
  while ((await leftBytes()) > 400_000) {
    await client.query("select pg_logical_emit_message(false, 'filler', repeat('x', 100000))")
  }
  const { rows } = await client.query<{ readonly name: string }>(
    'select pg_walfile_name(pg_current_wal_insert_lsn()) as name',
  )
  await client.close()
  return rows[0]?.name ?? ''
}

/** The files of the log that were put by for when this one is full. */
async function logPiecesAfter(inUse: string, dataDir: string): Promise<readonly string[]> {
  const folder = join(databaseFolder(dataDir), 'pg_wal')
  const names = (await readdir(folder)).filter((name) => /^[0-9A-F]{24}$/.test(name) && name > inUse)
  return names.map((name) => join(folder, name))
}

/** What callers saw until the process was gone. */
interface Seen {
  readonly statuses: Set<number>
  longestMs: number
  /** When a call failed first. */
  failedAtMs: number | undefined
}

/** Exchanges from four sides until nobody answers. */
async function exchangeUntilGone(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<Seen> {
  const seen: Seen = { statuses: new Set(), longestMs: 0, failedAtMs: undefined }
  const apiKey = acknowledged.liveKeys.at(-1)!.text
  const isGone = () => gateway.child.exitCode !== null || gateway.child.signalCode !== null
  const callers = Array.from({ length: 4 }, async () => {
    while (!isGone()) {
      const askedAtMs = performance.now()
      const answer = await exchange(gateway, apiKey).catch(() => undefined)
      seen.longestMs = Math.max(seen.longestMs, performance.now() - askedAtMs)
      if (answer?.status !== 200) seen.failedAtMs ??= performance.now()
      if (answer !== undefined) seen.statuses.add(answer.status)
      if (answer?.status === 200) acknowledged.refreshTokens.push(answer.body.data.refresh)
    }
  })
  await Promise.all(callers)
  return seen
}

describe('a gateway on its embedded database whose disk fills up', () => {
  it('refuses what it cannot keep, and serves again by itself when there is room', {
    timeout: 90_000,
  }, async () => {
    const gateway = await startGatewayProcess({}, { dataDir: await aDataDir() })
    const acknowledged = nothingYet()
    await change(gateway, acknowledged)
    disk.fill()
    const apiKey = acknowledged.liveKeys.at(-1)!.text
    let longestMs = 0
    let calls = 0
    // What a page of a table still has room for is written.
    for (let refused = 0; refused < 50; calls++) {
      const askedAtMs = performance.now()
      const answer = await exchange(gateway, apiKey)
      longestMs = Math.max(longestMs, performance.now() - askedAtMs)
      expect([200, 503]).toContain(answer.status)
      if (answer.status === 200) acknowledged.refreshTokens.push(answer.body.data.refresh)
      else refused += 1
    }
    expect(longestMs).toBeLessThan(ANSWER_MS)
    await disk.empty()
    const emptiedAtMs = performance.now()
    await expect.poll(async () => (await exchange(gateway, apiKey)).status).toBe(200)
    const recoveredMs = performance.now() - emptiedAtMs
    await expectNothingLost(gateway, acknowledged)
    expect(await gateway.stop()).toBe(0)
    measured(
      'F9',
      `tables cannot grow: 50 of ${calls} calls 503, none later than ${tellMs(longestMs)}; serving ${tellMs(recoveredMs)} after there was room`,
    )
  })

  it('ends when not even its log can grow, starts on no full disk, and has lost nothing', {
    timeout: 300_000,
  }, async () => {
    const dataDir = await aDataDir()
    const acknowledged = nothingYet()
    const inUse = await fillLog(dataDir)
    const gateway = await startGatewayProcess({}, { dataDir })
    const exited = once(gateway.child, 'close')
    await change(gateway, acknowledged)
    // The piece of the log that was put by is gone, and there is no room for another; tables have room.
    for (const spare of await logPiecesAfter(inUse, dataDir)) await rm(spare)
    disk.fill(4 * MIB)
    const { statuses, longestMs, failedAtMs = 0 } = await exchangeUntilGone(gateway, acknowledged)
    const [code, signal] = await exited
    const goneMs = performance.now() - failedAtMs
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
    // Where it holds the process, a watchdog needs twenty seconds to tell and nothing but a kill to end it.
    const isHeld = signal === 'SIGKILL'
    expect(isHeld || code === 1).toBe(true)
    expect(gateway.output()).toMatch(
      /the embedded database (no longer answers|holds the process) \(is the disk full\?\)/,
    )

    const refused = await runGatewayToItsEnd({}, { dataDir })
    expect(refused.code).toBe(1)
    expect(refused.output).toMatch(oneClearLine)
    expect(refused.output).toContain('64 are needed')
    await disk.empty()
    const heldMs = isHeld ? WATCHDOG_MS : 0
    expect(longestMs).toBeLessThan(ANSWER_MS + heldMs)
    expect(goneMs).toBeLessThan(2 * ANSWER_MS + heldMs)
    const survivor = await startGatewayProcess({}, { dataDir })
    await expectNothingLost(survivor, acknowledged)
    expect(await survivor.stop()).toBe(0)
    const writes = acknowledged.refreshTokens.length + 4 * acknowledged.clientIds.length
    measured(
      'F9',
      `the log cannot grow: no answer later than ${tellMs(longestMs)}, ${isHeld ? 'killed by the watchdog' : 'exit code 1'} within ${tellMs(goneMs)}; 0 of ${writes} acknowledged writes lost`,
    )
  })

  it('stops when it is told to, full as it is', { timeout: 60_000 }, async () => {
    const dataDir = await aDataDir()
    const gateway = await startGatewayProcess({ SHUTDOWN_GRACE_SECONDS: '1' }, { dataDir })
    disk.fill()
    const apiKey = await gateway.firstKey()
    const asked = Array.from({ length: 20 }, () => exchange(gateway, apiKey).catch(() => undefined))
    const startedAt = performance.now()
    // With 0 if nothing of it had been noticed yet, and with 1 if it had: but it is over.
    expect([0, 1]).toContain(await gateway.stop('SIGTERM'))
    expect(performance.now() - startedAt).toBeLessThan(2 * ANSWER_MS)
    await Promise.all(asked)
  })
})

describe('a first start on a disk that is as good as full', () => {
  it('is refused in one line, and makes no secret', async () => {
    await writeFile(join(disk.folder, 'filler'), Buffer.alloc((await disk.freeBytes()) - 1024 * 1024))
    const dataDir = join(disk.folder, 'data')
    const { code, output } = await runGatewayToItsEnd({}, { dataDir })
    expect(code).toBe(1)
    expect(output).toMatch(oneClearLine)
    expect(output).toContain('1 MiB are free and 64 are needed')
    expect(await readdir(dataDir)).toEqual([])
  })
})
