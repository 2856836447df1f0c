import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  expectAllKept,
  type Ground,
  lasting,
  layGround,
  observe,
  refusedProtected,
  summary,
} from './support/ground.ts'
import { measured, tellMs } from './support/measured.ts'
import { canMount, mountSmallVolume, type SmallVolume } from './support/small-volume.ts'
import { rounds } from './support/thorough.ts'

const MIB = 1024 * 1024
const FULL_MS = rounds(2000, 15_000)

let ground: Ground | undefined
let volume: SmallVolume | undefined

afterEach(async () => {
  await ground?.remove()
  await volume?.remove()
  ground = volume = undefined
})

// Whoever may not mount a file system cannot have a small one.
describe.runIf(canMount)('the disk of PostgreSQL', () => {
  it('that holds its tables is full: writes are 503 until there is space, and nothing is lost', async () => {
    volume = await mountSmallVolume(64 * MIB)
    const tables = join(volume.folder, 'tables')
    await mkdir(tables)
    if (process.getuid?.() === 0) await promisify(execFile)('chown', ['postgres', tables])
    ground = await layGround({
      async databaseUrl({ query, url }) {
        await query(`create tablespace small location '${tables}'`)
        await query('alter database postgres set default_tablespace = small')
        return url
      },
    })
    const { gateway } = ground
    let untilNoticedMs = 0
    const observed = await observe(ground, async ({ log }) => {
      const fullAtMs = performance.now()
      await volume!.fill()
      await vi.waitUntil(() => log.all.some(({ status }) => status === 503), {
        timeout: 30_000,
        interval: 20,
      })
      untilNoticedMs = performance.now() - fullAtMs
      await lasting(FULL_MS)
      await volume!.free()
    })
    await expectAllKept(ground, observed)
    expect(refusedProtected(observed)).toEqual([])
    expect(gateway.output()).toContain('SQLSTATE 53100')
    measured('F8', `disk of the tables: noticed after ${tellMs(untilNoticedMs)}; ${summary(observed)}`)
  })

  it('that holds its log is full: it dies, and once there is space and it is started, nothing is lost', async () => {
    volume = await mountSmallVolume(160 * MIB)
    ground = await layGround({
      parent: volume.folder,
      settings: ['max_wal_size=32MB', 'min_wal_size=32MB', 'wal_keep_size=0', 'restart_after_crash=off'],
    })
    const { postgres } = ground
    const observed = await observe(ground, async () => {
      await volume!.fill()
      await untilDead(postgres.query)
      await lasting(FULL_MS)
      await volume!.free()
      await postgres.start()
    })
    await expectAllKept(ground, observed)
    expect(refusedProtected(observed)).toEqual([])
    measured('F8', `disk of everything, where PostgreSQL dies of it: ${summary(observed)}`)
  })
})

/** Writes more to its log than there is space for, until it is gone. */
async function untilDead(query: (text: string) => Promise<unknown>): Promise<void> {
  const isDead = async () => {
    try {
      await query(`select pg_logical_emit_message(true, 'filler', repeat('x', ${64 * MIB}))`)
      return false
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
    }
  }
  await vi.waitUntil(isDead, { timeout: 30_000, interval: 50 })
}
