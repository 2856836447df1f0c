import { cp, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { lockFolder } from '../../src/runtime/folder-lock.ts'
import { startCaptchaProvider } from '../support/captcha-provider.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startFront } from '../support/front.ts'
import { testSecret } from '../support/gateway-process.ts'
import { type Ending, type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { openMailbox } from '../support/mailbox.ts'

let database: TestDatabase
let guichet: GuichetCommand

beforeAll(async () => {
  database = await freshDatabase()
  guichet = await guichetCommand()
})

afterAll(async () => {
  await database.drop()
  await guichet.remove()
})

describe('guichet migrate', () => {
  it('prepares an empty database as a start does, once', async () => {
    const empty = await freshDatabase()
    const dataDir = join(guichet.folder, 'migrated')
    const env = { DATABASE_URL: empty.url, GUICHET_SECRET: testSecret, DATA_DIR: dataDir }

    const first = await guichet.run('migrate', env)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const file = join(dataDir, 'first-key')
    expect(first.json).toEqual({
      database: 'postgresql',
      migrated: true,
      notice: `The client "admin" was made; its key is in ${file}.`,
    })
    const key = (await readFile(file, 'utf8')).trim()
    expect(first.stdout + first.stderr).not.toContain(key)
    expect((await stat(file)).mode & 0o777).toBe(0o600)

    const second = await guichet.run('migrate --table', env)
    expect(second).toMatchObject({ code: 0, stdout: 'The database (postgresql) is up to date.\n' })
    expect((await readFile(file, 'utf8')).trim()).toBe(key)
    expect(await empty.query('select name from clients')).toEqual([{ name: 'admin' }])

    // Without a signing key under the secret, a wrong one would go unnoticed until the key fails.
    const wrong = await guichet.run('migrate', { ...env, GUICHET_SECRET: 'x'.repeat(32) })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('does not open') })
    await empty.drop()
  })

  it('names every unusable setting in one line', async () => {
    const { code, stderr } = await guichet.run('migrate', {
      PORT: 'x',
      DATABASE_URL: 'postgres://u:hush@h/d',
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^guichet: These settings cannot be used: PORT [^\n]+; GUICHET_SECRET [^\n]+\n$/)
    expect(stderr).not.toContain('hush')
  })

  it('tells a folder that cannot be used in one line', async () => {
    const { code, stderr } = await guichet.run('migrate', { DATA_DIR: '/dev/null/data' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^guichet: DATA_DIR [^\n]+ENOTDIR\.\n$/)
  })
})

describe('guichet doctor', () => {
  let env: Record<string, string>

  beforeAll(async () => {
    env = {
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      DATA_DIR: join(guichet.folder, 'healthy'),
    }
    await guichet.run('migrate', env)
  })

  const statuses = (ending: Ending) =>
    Object.fromEntries(ending.json.checks.map(({ check, status }: Record<string, string>) => [check, status]))

  it('finds a healthy installation healthy, a check a line', async () => {
    const mailbox = await openMailbox()
    const { code, stdout } = await guichet.run('doctor --table', {
      ...env,
      PUBLIC_URL: 'https://gateway.test',
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'no-reply@gateway.test',
    })
    await mailbox.close()
    expect(code).toBe(0)
    const checks = stdout.trimEnd().split('\n')
    expect(checks.map((line) => /^\w+ +\w+(?: \w+)*/.exec(line)?.[0].replace(/ +/, ' '))).toEqual([
      'ok node',
      'ok settings',
      'ok public url',
      'ok mail',
      'ok database',
      'ok clock',
      // The PostgreSQL of the tests keeps nothing that its machine would lose.
      expect.stringMatching(/^(?:ok|warn) postgresql$/),
      'ok connections',
      'ok disk',
      'ok feed',
      'ok migrations',
      'ok secret',
      'ok signing keys',
      'ok api keys',
      'ok key ages',
      'ok outbox',
    ])
  })

  it('fails on a secret that does not open the signing keys, and warns of one that is on its way out', async () => {
    const other = 'another secret of more than thirty-two characters'
    const [wrong, rotating] = await Promise.all([
      guichet.run('doctor', { ...env, GUICHET_SECRET: other }),
      guichet.run('doctor', { ...env, GUICHET_SECRET: `${other},${testSecret}` }),
    ])
    expect(wrong.code).toBe(1)
    expect(wrong.json.healthy).toBe(false)
    expect(statuses(wrong)).toMatchObject({ migrations: 'ok', secret: 'fail' })
    expect(rotating.code).toBe(0)
    expect(statuses(rotating)).toMatchObject({ secret: 'warn', 'api keys': 'warn' })
  })

  it('changes nothing in a database that was never migrated, and fails', async () => {
    const empty = await freshDatabase()
    const ending = await guichet.run('doctor', { DATABASE_URL: empty.url, GUICHET_SECRET: testSecret })
    expect(ending.code).toBe(1)
    expect(statuses(ending)).toMatchObject({ database: 'ok', migrations: 'fail' })
    expect(await empty.query("select 1 from pg_namespace where nspname = 'drizzle'")).toEqual([])
    await empty.drop()
  })

  it('fails without a database, and never shows its password', async () => {
    const url = 'postgres://me:hush@127.0.0.1:1/none'
    const { code, json, stdout } = await guichet.run('doctor', {
      DATABASE_URL: url,
      GUICHET_SECRET: testSecret,
    })
    expect(code).toBe(1)
    expect(json.checks.at(-1)).toMatchObject({ check: 'database', status: 'fail' })
    expect(stdout).not.toContain('hush')
  })

  it('asks the provider of the captcha, and never shows its secret', async () => {
    const provider = await startCaptchaProvider('hush of the site')
    const front = await startFront(() => Response.json({ success: true }))
    const captchaCheck = async (captcha: Record<string, string>) => {
      const DATA_DIR = join(guichet.folder, 'nothing')
      const { code, json, stdout } = await guichet.run('doctor', { DATA_DIR, ...captcha })
      expect(stdout).not.toContain('hush')
      return [code, json.checks.find(({ check }: { check: string }) => check === 'captcha')?.status]
    }
    try {
      const found = await Promise.all([
        captchaCheck({}),
        captchaCheck({ CAPTCHA_SECRET: 'hush of the site', CAPTCHA_VERIFY_URL: provider.url }),
        captchaCheck({ CAPTCHA_SECRET: 'hush of tests', CAPTCHA_VERIFY_URL: front.url }),
        captchaCheck({ CAPTCHA_SECRET: 'hush of another', CAPTCHA_VERIFY_URL: provider.url }),
      ])
      expect(found).toEqual([
        [0, undefined],
        [0, 'ok'],
        [0, 'warn'],
        [1, 'fail'],
      ])
    } finally {
      await Promise.all([provider.close(), front.close()])
    }
  })

  it('looks into an embedded database that no gateway uses, and names the one that does', async () => {
    const DATA_DIR = join(guichet.folder, 'embedded')
    await cp(inject('embeddedTemplate'), DATA_DIR, { recursive: true })
    const looked = await guichet.run('doctor', { DATA_DIR })
    expect(looked.code).toBe(0)
    expect(statuses(looked)).toMatchObject({
      database: 'ok',
      clock: 'ok',
      migrations: 'ok',
      // It was never started.
      secret: 'warn',
      'signing keys': 'warn',
      'api keys': 'ok',
      'key ages': 'ok',
      outbox: 'ok',
    })
    const lock = await lockFolder(DATA_DIR)
    const { json } = await guichet.run('doctor', { DATA_DIR })
    await lock.release()
    expect(json.checks.at(-1)).toMatchObject({
      check: 'database',
      status: 'warn',
      finding: expect.stringContaining('Another process'),
    })
  })

  it('makes nothing where there is no embedded database yet', async () => {
    const ending = await guichet.run('doctor', { DATA_DIR: join(guichet.folder, 'nothing') })
    expect(ending.code).toBe(0)
    expect(statuses(ending)).toEqual({
      node: 'ok',
      settings: 'ok',
      'public url': 'ok',
      mail: 'warn',
      // As the disk of this machine is, but there.
      disk: expect.stringMatching(/^(?:ok|warn)$/),
      database: 'warn',
    })
    await expect(stat(join(guichet.folder, 'nothing'))).rejects.toThrow('ENOENT')
  })
})
