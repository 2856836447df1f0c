import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, migratedDatabase, type TestDatabase } from '../support/database.ts'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { caller, exchange, expectLivedIn, type LivedIn, liveIn } from '../support/lived-in.ts'

const cli = resolve(import.meta.dirname, '../../src/runtime/cli.ts')

let database: TestDatabase
let guichet: GuichetCommand
let lived: LivedIn

const at = (name: string) => join(guichet.folder, name)
const on = ({ url }: TestDatabase) => ({ DATABASE_URL: url, GUICHET_SECRET: testSecret })

beforeAll(async () => {
  guichet = await guichetCommand()
  database = await migratedDatabase()
  const gateway = await startGatewayProcess(on(database))
  lived = await liveIn(gateway.url, await gateway.firstKey())
  await gateway.remove()
})
afterAll(async () => {
  await database.drop()
  await guichet.remove()
})

/** A backup that is under way, and can be told to stop. */
function begin(file: string, env: Readonly<Record<string, string>>, stdout: 'ignore' | number = 'ignore') {
  const child = spawn(process.execPath, [cli, 'backup', file], {
    cwd: guichet.folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', stdout, 'pipe'],
  })
  let complaint = ''
  child.stderr?.on('data', (chunk) => {
    complaint += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code, complaint }))
  return { child, ended }
}

describe('a backup that is interrupted', { timeout: 60_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('by %s ends at once and leaves no file', async (signal) => {
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    await holder.query('begin')
    await holder.query('lock table sessions')
    const backup = begin(at('stopped'), on(database))
    const waiting = () =>
      database.query("select 1 from pg_locks where not granted and relation = 'sessions'::regclass")
    await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(1)
    expect((await readdir(guichet.folder)).filter((name) => name.startsWith('stopped'))).toHaveLength(1)
    backup.child.kill(signal)
    expect(await backup.ended).toEqual({ code: 1, complaint: 'guichet: Stopped; nothing was written.\n' })
    expect((await readdir(guichet.folder)).filter((name) => name.startsWith('stopped'))).toEqual([])
    await holder.end()
  })

  it('by a disk that is full says so', async () => {
    const full = await open('/dev/full', 'w')
    const { ended } = begin('-', on(database), full.fd)
    expect(await ended).toEqual({ code: 1, complaint: expect.stringMatching(/^guichet: ENOSPC: [^\n]+\n$/) })
    await full.close()
  })

  it('by the end of the gateway that lent a copy says so, and what was lent is cleared away', async () => {
    const gateway = await startGatewayProcess()
    const { dataDir } = gateway
    const backup = begin(at('orphaned'), { DATA_DIR: dataDir })
    await expect
      .poll(() => readdir(join(dataDir, 'copies')), { timeout: 20_000, interval: 5 })
      .toHaveLength(2)
    expect(await gateway.stop('SIGKILL')).toBe('SIGKILL')
    expect(await backup.ended).toEqual({ code: 1, complaint: expect.stringContaining('The gateway stopped') })
    expect((await readdir(guichet.folder)).filter((name) => name.startsWith('orphaned'))).toEqual([])
    const again = await startGatewayProcess({}, { dataDir })
    expect(await readdir(join(dataDir, 'copies'))).toEqual(['socket'])
    await again.remove()
  })
})

describe('a restore beside a gateway that starts', { timeout: 120_000 }, () => {
  it('is all of it or refused, and the gateway has one or the other', async () => {
    expect(await guichet.run(`backup ${at('good')}`, on(database))).toMatchObject({ code: 0 })
    for (let round = 0; round < 3; round++) {
      const target = await freshDatabase()
      const [restored, gateway] = await Promise.all([
        guichet.run(`restore ${at('good')}`, on(target)),
        startGatewayProcess(on(target)),
      ])
      if (restored.code === 0) await expectLivedIn(gateway.url, lived)
      else {
        expect(restored.stderr).toContain('has tables of Guichet already')
        const { access: token } = await exchange(gateway.url, await gateway.firstKey())
        expect((await caller(gateway.url)('GET', '/clients', { token })).items).toHaveLength(1)
      }
      await gateway.remove()
      await target.drop()
    }
  })
})
