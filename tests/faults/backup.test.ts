import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { BackupError } from '../../src/runtime/backup/backup-error.ts'
import { readMigrations } from '../../src/runtime/backup/migrations.ts'
import { inspectBackup } from '../../src/runtime/backup/restore-backup.ts'
import { createVault } from '../../src/runtime/vault.ts'
import { linesOfBackup, rowsOfBackup, writeLines } from '../support/backups.ts'
import { freshDatabase, migratedDatabase, type TestDatabase } from '../support/database.ts'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { expectLivedIn, type LivedIn, liveIn } from '../support/lived-in.ts'

let database: TestDatabase
let guichet: GuichetCommand
let lived: LivedIn
/** A good backup of `database`. */
let file: string

const at = (name: string) => join(guichet.folder, name)
const on = ({ url }: TestDatabase, secret = testSecret) => ({ DATABASE_URL: url, GUICHET_SECRET: secret })
/** An installation without PostgreSQL. */
const embedded = (name: string, secret = testSecret) => ({ DATA_DIR: at(name), GUICHET_SECRET: secret })

beforeAll(async () => {
  guichet = await guichetCommand()
  database = await migratedDatabase()
  const gateway = await startGatewayProcess(on(database))
  lived = await liveIn(gateway.url, await gateway.firstKey())
  const firstLinked = 'select 1 from audit_events where seq = 1'
  await vi.waitUntil(async () => (await database.query(firstLinked)).length === 1, { timeout: 10_000 })
  await gateway.stop()
  // What an application did to the table that is its own.
  await database.query(`alter table profiles add column "Shoe size" numeric(4, 1), add column notes json`)
  await database.query(`update profiles set "Shoe size" = 43.5, notes = E'{"a":\\n 1}'`)
  file = at('good.backup')
  const ending = await guichet.run(`backup ${file}`, on(database))
  if (ending.code !== 0) throw new Error(ending.stderr)
})

afterAll(async () => {
  await database?.drop()
  await guichet?.remove()
})

describe('guichet backup', { timeout: 60_000 }, () => {
  it('writes a file for this user alone, and says what is in it', async () => {
    const ending = await guichet.run(`backup ${at('one.backup')}`, on(database))
    expect(ending).toMatchObject({ code: 0, stderr: '' })
    const { mode, size } = await stat(at('one.backup'))
    expect(mode & 0o777).toBe(0o600)
    expect(ending.json).toMatchObject({
      file: at('one.backup'),
      bytes: size,
      format: 1,
      database: 'postgresql',
      migration: expect.stringMatching(/^\d{4}_/),
      rows: { users: 1, clients: 2, api_keys: 3, factors: 1 },
    })
    const table = await guichet.run(`backup ${at('two.backup')} --table`, on(database))
    expect(table.stdout).toMatch(
      /two\.backup: \d+ rows of \d+ tables, as after migration \d{4}_\w+, \d+ bytes\.\n$/,
    )
    expect((await readdir(guichet.folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('writes no credential that anybody could use', async () => {
    const text = (await linesOfBackup(file)).join('\n')
    const { person, ...machines } = lived
    const canaries = [...Object.values(machines), person?.password, person?.secret, person?.refresh]
    for (const canary of [...canaries, testSecret]) expect(text).not.toContain(canary)
    expect(text).not.toMatch(/"d" ?:/)
    // The id of the secret is no part of it.
    expect(JSON.parse((await linesOfBackup(file))[0]!)[1].secret_id).toMatch(/^[0-9a-f]{8}$/)
  })

  it('writes the same to standard output, and nothing else', async () => {
    const cli = resolve(import.meta.dirname, '../../src/runtime/cli.ts')
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, 'backup', '-'], {
      cwd: guichet.folder,
      env: { PATH: process.env['PATH'], ...on(database) },
      encoding: 'buffer',
    })
    expect(String(stderr)).toBe('')
    const rows = gunzipSync(stdout).toString('utf8').trimEnd().split('\n').slice(1, -1)
    expect(rows.sort()).toEqual((await linesOfBackup(file)).slice(1, -1).sort())
  })

  it('never writes over what is there, nor where it may not', async () => {
    await writeFile(at('precious'), 'precious')
    const taken = await guichet.run(`backup ${at('precious')}`, on(database))
    expect(taken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is there already') })
    expect(await readFile(at('precious'), 'utf8')).toBe('precious')
    const closed = await guichet.run('backup /dev/null/a.backup', on(database))
    expect(closed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'guichet: /dev/null/a.backup cannot be written: ENOTDIR.\n',
    })
  })

  it('leaves nothing behind when there is nothing to back up, or not under this secret', async () => {
    const empty = await freshDatabase()
    const endings = [
      await guichet.run(`backup ${at('none')}`, on(empty)),
      await guichet.run(`backup ${at('none')}`, on(database, 'x'.repeat(32))),
      await guichet.run(`backup ${at('none')}`, embedded('nowhere')),
      await guichet.run(`backup ${at('none')}`, { DATA_DIR: at('nowhere') }),
      await guichet.run(`backup ${at('none')}`, {
        ...on(database),
        DATABASE_URL: 'postgres://u:hush@127.0.0.1:1/d',
      }),
    ]
    expect(endings.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1])
    for (const [index, words] of [
      'no tables of Guichet',
      'does not open the signing keys',
      'no embedded database',
      'The secret of the installation is needed',
      'unavailable',
    ].entries()) {
      expect(endings[index]?.stderr).toContain(words)
      expect(endings[index]?.stderr).not.toContain('hush')
    }
    const left = await readdir(guichet.folder)
    expect(left.filter((name) => name.startsWith('none') || name === 'nowhere')).toEqual([])
    await empty.drop()
  })

  it('backs up the folder of a gateway that was killed, and clears away what that one lent', async () => {
    const dataDir = at('killed')
    await cp(inject('embeddedTemplate'), dataDir, { recursive: true })
    const gateway = await startGatewayProcess({}, { dataDir })
    const seen = await liveIn(gateway.url, await gateway.firstKey())
    await gateway.stop('SIGKILL')
    expect(await readdir(dataDir)).toContain('copies')
    const backup = await guichet.run(`backup ${at('killed.backup')}`, { DATA_DIR: dataDir })
    expect(backup).toMatchObject({ code: 0, stderr: '', json: { database: 'embedded' } })
    expect(await readdir(dataDir)).not.toContain('copies')
    const again = await startGatewayProcess({}, { dataDir })
    await expectLivedIn(again.url, seen)
    await again.remove()
  })
})

describe('guichet restore', { timeout: 60_000 }, () => {
  it('takes an installation from PostgreSQL to the embedded database and back, row for row', async () => {
    const target = await freshDatabase()
    const there = await guichet.run(`restore ${file}`, embedded('moved'))
    expect(there).toMatchObject({ code: 0, stderr: '', json: { restored_to: 'embedded', warnings: [] } })
    expect(await readdir(at('moved'))).toEqual(['lock.db', 'pg'])
    const moved = await guichet.run(`backup ${at('moved.backup')}`, embedded('moved'))
    expect(moved).toMatchObject({ code: 0, stderr: '' })
    const back = await guichet.run(`restore ${at('moved.backup')} --table`, on(target))
    expect(back).toMatchObject({ code: 0, stderr: '' })
    expect(back.stdout).toMatch(/^Restored to the database \(postgresql\): \d+ rows of \d+ tables, /)
    await guichet.run(`backup ${at('back.backup')}`, on(target))
    const rows = await rowsOfBackup(file)
    expect(await rowsOfBackup(at('moved.backup'))).toEqual(rows)
    expect(await rowsOfBackup(at('back.backup'))).toEqual(rows)
    expect(await target.query('select "Shoe size" as size, notes from profiles')).toEqual([
      { size: '43.5', notes: { a: 1 } },
    ])

    const gateway = await startGatewayProcess(on(target))
    await expectLivedIn(gateway.url, lived)
    const env = { GUICHET_URL: gateway.url, GUICHET_API_KEY: lived.adminKey }
    expect(await guichet.run('audit verify', env)).toMatchObject({ code: 0, stderr: '' })
    await gateway.remove()
    await target.drop()
  })

  it('refuses what is damaged, cut, foreign or newer, and touches nothing', async () => {
    const good = await readFile(file)
    const lines = await linesOfBackup(file)
    const header = JSON.parse(lines[0]!)
    const flipped = (place: number) => {
      const bytes = Buffer.from(good)
      bytes[place]! ^= 0x10
      return bytes
    }
    const middle = Math.floor(good.length / 2)
    await writeLines(at('reordered'), [...lines.slice(0, -3), lines.at(-2)!, lines.at(-3)!, lines.at(-1)!])
    await writeLines(at('newer'), [
      JSON.stringify([header[0], { ...header[1], migration: '9999_later', version: '9.9.9' }]),
      ...lines.slice(1),
    ])
    await writeLines(at('next-format'), [
      JSON.stringify([header[0], { ...header[1], format: 2 }]),
      ...lines.slice(1),
    ])
    await writeLines(at('endless'), lines.slice(0, -1))
    await writeLines(at('longer'), [...lines, lines.at(-2)!])
    const files: Record<string, readonly [Uint8Array | undefined, string]> = {
      flipped: [flipped(middle), 'is damaged'],
      cut: [good.subarray(0, middle), 'is damaged'],
      'cut-late': [good.subarray(0, -1), 'is damaged'],
      empty: [Buffer.alloc(0), 'is '],
      foreign: [Buffer.from('{"people":[]}\n'), 'is no backup of Guichet'],
      reordered: [undefined, 'is damaged'],
      endless: [undefined, 'is damaged'],
      longer: [undefined, 'is damaged'],
      newer: [undefined, 'was written by a newer release (9.9.9)'],
      'next-format': [undefined, 'was written by a newer release'],
    }
    const empty = await freshDatabase()
    for (const [name, [bytes, words]] of Object.entries(files)) {
      if (bytes !== undefined) await writeFile(at(name), bytes)
      const ending = await guichet.run(`restore ${at(name)}`, on(empty))
      expect([name, ending.code, ending.stdout]).toEqual([name, 1, ''])
      expect(ending.stderr).toContain(words)
    }
    const parts = { vault: createVault([testSecret]), migrations: readMigrations() }
    await inspectBackup(file, parts)
    // Behind the head of the gzip, where a time and a system are told that nobody asks for.
    for (let place = 10; place < good.length; place += 41) {
      await writeFile(at('flipped'), flipped(place))
      await expect(inspectBackup(at('flipped'), parts), `byte ${place}`).rejects.toThrow(BackupError)
    }
    const ending = await guichet.run(`restore ${at('cut')}`, embedded('untouched'))
    expect(ending.code).toBe(1)
    await expect(stat(at('untouched'))).rejects.toThrow('ENOENT')
    const missing = await guichet.run(`restore ${at('missing')}`, on(empty))
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') })
    expect(await empty.query("select relname from pg_class where relname = 'clients'")).toEqual([])
    expect(await empty.query("select 1 from pg_namespace where nspname = 'drizzle'")).toEqual([])
    await empty.drop()
  })

  it('refuses what somebody changed who does not have the secret, however well', async () => {
    const { createHash } = await import('node:crypto')
    const lines = await linesOfBackup(file)
    const place = lines.findIndex((line) => line.includes('"billing"'))
    const changed = lines.with(place, lines[place]!.replace('["a:read"]', '["*"]'))
    expect(changed[place]).not.toBe(lines[place])
    const [kind, end] = JSON.parse(lines.at(-1)!)
    const sha256 = createHash('sha256')
      .update(`${changed.slice(0, -1).join('\n')}\n`)
      .digest('hex')
    expect(sha256).not.toBe(end.sha256)
    await writeLines(at('forged'), changed.with(-1, JSON.stringify([kind, { ...end, sha256 }])))
    const ending = await guichet.run(`restore ${at('forged')}`, embedded('forged-target'))
    expect(ending).toMatchObject({ code: 1, stderr: expect.stringContaining('does not have GUICHET_SECRET') })
    await expect(stat(at('forged-target'))).rejects.toThrow('ENOENT')
  })

  it('refuses another secret and none, and makes none', async () => {
    const endings = [
      await guichet.run(`restore ${file}`, embedded('strange', 'x'.repeat(32))),
      await guichet.run(`restore ${file}`, { DATA_DIR: at('strange') }),
    ]
    expect(endings.map(({ code }) => code)).toEqual([1, 1])
    expect(endings[0]?.stderr).toMatch(/under another secret \(its id is [0-9a-f]{8}\)/)
    expect(endings[1]?.stderr).toContain('The secret of the installation is needed')
    await expect(stat(at('strange'))).rejects.toThrow('ENOENT')
    // Among others it is found.
    const target = await freshDatabase()
    const both = await guichet.run(`restore ${file}`, on(target, `${'x'.repeat(32)},${testSecret}`))
    expect(both.code).toBe(0)
    expect(both.json.warnings).toEqual([expect.stringContaining('2 under an older secret')])
    await target.drop()
  })

  it('refuses a database that is in use, and changes nothing in it', async () => {
    const before = await database.query('select * from clients order by id')
    const used = await guichet.run(`restore ${file}`, on(database))
    expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining('has tables of Guichet already') })
    expect(await database.query('select * from clients order by id')).toEqual(before)
    const dataDir = at('in-use')
    await cp(inject('embeddedTemplate'), dataDir, { recursive: true })
    const files = await readdir(join(dataDir, 'pg'))
    const there = await guichet.run(`restore ${file}`, embedded('in-use'))
    expect(there).toMatchObject({ code: 1, stderr: expect.stringContaining('already') })
    expect(await readdir(join(dataDir, 'pg'))).toEqual(files)
    expect((await readdir(dataDir)).sort()).toEqual(['lock.db', 'pg', 'secret'])
  })

  it('goes on after a restore that was killed', async () => {
    await mkdir(join(at('half'), 'pg.restoring', 'base'), { recursive: true })
    const ending = await guichet.run(`restore ${file}`, embedded('half'))
    expect(ending).toMatchObject({ code: 0, stderr: '' })
    expect(await readdir(at('half'))).toEqual(['lock.db', 'pg'])
  })

  it('restores an audit chain as broken as it was, and says so', async () => {
    const target = await freshDatabase()
    const broken = await freshDatabase()
    await guichet.run(`restore ${file}`, on(broken))
    const altered = await broken.query(
      "update audit_events set kind = 'user.export' where seq = 1 returning seq",
    )
    expect(altered).toHaveLength(1)
    await guichet.run(`backup ${at('broken.backup')}`, on(broken))
    const ending = await guichet.run(`restore ${at('broken.backup')}`, on(target))
    expect(ending).toMatchObject({ code: 0, stderr: expect.stringContaining('event 1, altered') })
    await broken.drop()
    await target.drop()
  })
})
