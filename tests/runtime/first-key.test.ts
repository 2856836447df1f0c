import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import {
  type GatewayProcess,
  runGatewayToItsEnd,
  startGatewayProcess,
  testSecret,
} from '../support/gateway-process.ts'

const undo: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await freshDatabase()
  undo.push(database.drop)
  return database
}

async function started(env: Readonly<Record<string, string>>, dataDir?: string): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(env, dataDir === undefined ? {} : { dataDir })
  undo.push(gateway.remove)
  return gateway
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'guichet-test-first-'))
  undo.push(() => rm(made, { recursive: true, force: true }))
  return made
}

const exchange = (gateway: GatewayProcess, apiKey: string) =>
  call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

const clientNames = async (database: TestDatabase) =>
  (await database.query('select name from clients')).map((row) => row['name'])

describe.each(['PGlite', 'PostgreSQL'])('the first start on an empty %s', { timeout: 60_000 }, (kind) => {
  it('hands the key over in a private file, once, and keeps it out of the log', async () => {
    const env: Record<string, string> =
      kind === 'PGlite' ? {} : { DATABASE_URL: (await emptyDatabase()).url, GUICHET_SECRET: testSecret }
    const gateway = await started(env, join(await folder(), 'data'))
    const file = join(gateway.dataDir, 'first-key')
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/^gk_[0-9A-Za-z]{46}\n$/)
    expect((await stat(gateway.dataDir)).mode & 0o777).toBe(0o700)
    for (const name of kind === 'PGlite' ? ['first-key', 'secret'] : ['first-key']) {
      expect((await stat(join(gateway.dataDir, name))).mode & 0o777).toBe(0o600)
    }
    expect(gateway.output()).toContain(file)
    const key = text.trim()
    const tokens = await exchange(gateway, key)
    expect(tokens.status).toBe(200)
    const me = await call('GET', `${gateway.url}/api/v1/me`, { token: tokens.body.data.access })
    expect(me.body.data.permissions).toEqual(['*'])

    expect(await gateway.stop()).toBe(0)
    const again = await started(
      { ...env, BOOTSTRAP_API_KEY: mintApiKeyText(system, 'late') },
      gateway.dataDir,
    )
    expect(await readFile(file, 'utf8')).toBe(text)
    expect(again.output()).not.toContain('admin')
    const { body } = await exchange(again, key)
    const clients = await call('GET', `${again.url}/api/v1/clients`, { token: body.data.access })
    expect(clients.body.data.items).toHaveLength(1)
    for (const secret of [key, key.slice(15), tokens.body.data.access, tokens.body.data.refresh]) {
      expect(gateway.output() + again.output()).not.toContain(secret)
    }
  })
})

describe('BOOTSTRAP_API_KEY', { timeout: 60_000 }, () => {
  it('becomes the first key when it is well formed, and no file is written', async () => {
    const database = await emptyDatabase()
    const wished = mintApiKeyText(system, 'acme')
    const gateway = await started({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      BOOTSTRAP_API_KEY: wished,
    })
    expect((await exchange(gateway, wished)).status).toBe(200)
    expect(await readdir(gateway.dataDir)).toEqual([])
    expect(gateway.output()).toContain('BOOTSTRAP_API_KEY as its key')
    expect(gateway.output()).not.toContain(wished.slice(-20))
  })

  it.each([
    ['a plain password', 'canary-correct-horse-battery-staple'],
    ['a key with a typo', `${mintApiKeyText(system, 'gk').slice(0, -1)}!`],
  ])('gives way to a fresh key when it is %s, and the log says so without the value', async (_, wished) => {
    const database = await emptyDatabase()
    const gateway = await started({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      BOOTSTRAP_API_KEY: wished,
    })
    expect(gateway.output()).toContain('BOOTSTRAP_API_KEY is not a well-formed key')
    expect(gateway.output()).not.toContain(wished)
    expect((await exchange(gateway, wished)).status).toBe(401)
    expect((await exchange(gateway, await gateway.firstKey())).status).toBe(200)
    expect(await clientNames(database)).toEqual(['admin'])
  })
})

describe('a first key that cannot be handed over', { timeout: 60_000 }, () => {
  it('is not made: the next start still has one to give', async () => {
    const database = await emptyDatabase()
    const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
    const inTheWay = join(await folder(), 'a-file')
    await writeFile(inTheWay, '')
    const { code } = await runGatewayToItsEnd(env, { dataDir: join(inTheWay, 'data') })
    expect(code).not.toBe(0)
    const gateway = await started(env)
    expect((await exchange(gateway, await gateway.firstKey())).status).toBe(200)
  })
})

// Without util-linux there is no terminal to be had.
describe.skipIf(!existsSync('/usr/bin/script'))('a first start at a terminal', { timeout: 60_000 }, () => {
  it('shows the key once, with a curl line that works, and writes no file', async () => {
    const database = await emptyDatabase()
    const dataDir = await folder()
    const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, DATA_DIR: dataDir }
    const first = startAtTerminal(env)
    await vi.waitUntil(() => /-d '\{"apiKey":"[^"]+"\}'/.test(first.output()), {
      timeout: 15_000,
      interval: 20,
    })
    const screen = first.output()
    const [key = ''] = /^ {4}(gk_[0-9A-Za-z]{46})\r?$/m.exec(screen)?.slice(1) ?? []
    const [, url = ''] = /curl -X POST (\S+)/.exec(screen) ?? []
    expect(screen.split(key)).toHaveLength(3)
    expect((await call('POST', url, { json: { apiKey: key } })).status).toBe(200)
    expect(await readdir(dataDir)).toEqual([])
    expect(await first.interrupt()).toBe(0)
    expect(first.output().split(key)).toHaveLength(3)

    const second = startAtTerminal(env)
    await vi.waitUntil(() => /listening\S*: "?http/.test(second.output()), { timeout: 30_000, interval: 20 })
    const [, address = ''] = /listening\S*: "?(http:[^"\s]+)/.exec(second.output()) ?? []
    expect((await call('GET', `${address}/health/live`)).status).toBe(200)
    expect(await second.interrupt()).toBe(0)
    expect(second.output()).not.toContain('API key')
  })
})

function startAtTerminal(env: Readonly<Record<string, string>>) {
  const child = spawn(
    '/usr/bin/script',
    ['-qec', `exec ${process.execPath} src/runtime/node.ts`, '/dev/null'],
    {
      cwd: resolve(import.meta.dirname, '../..'),
      env: { PATH: process.env['PATH'], PORT: '0', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  undo.push(async () => child.kill('SIGKILL'))
  const exited = once(child, 'close')
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  return {
    output: () => text,
    /** Presses Ctrl-C and answers the exit code. */
    async interrupt() {
      child.stdin.write('\x03')
      const [code] = await exited
      return code
    },
  }
}
