import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { listenSomewhere } from '../support/listen-somewhere.ts'

const EXIT_WITHIN_MS = 5000
const apiKey = mintApiKeyText(system, 'gk')

let database: TestDatabase

beforeAll(async () => {
  database = await migratedDatabase()
})

afterAll(() => database.drop())

const settings = () => ({
  DATABASE_URL: database.url,
  GUICHET_SECRET: testSecret,
  BOOTSTRAP_API_KEY: apiKey,
})

async function withGateway(use: (gateway: GatewayProcess) => Promise<void>): Promise<void> {
  const gateway = await startGatewayProcess(settings())
  try {
    await use(gateway)
  } finally {
    await gateway.remove()
  }
}

/** What no answer may take longer than, on a machine that does other things too. */
const ANSWER_WITHIN_MS = 2000

const live = async (url: string) =>
  (await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).status

/** An exchange, which needs the database, and a thread to sign on. */
const exchange = async (url: string) => {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const headers = { 'X-API-Key': apiKey }
  return (await fetch(`${url}/api/v1/auth/token/`, { method: 'POST', headers, signal })).status
}

/** Far more lines than a pipe and a small file hold, each answered in time. */
async function serves(url: string): Promise<void> {
  for (let made = 0; made < 1500; made += 50) {
    const calls = Array.from({ length: 50 }, (_, at) => (at % 10 === 0 ? exchange(url) : live(url)))
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]))
  }
}

/** What the process ends with, or that it did not in time. */
function endOf(gateway: GatewayProcess): Promise<number | string> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('still running'), EXIT_WITHIN_MS)
  return Promise.race([gateway.stop('SIGTERM'), late.promise]).finally(() => clearTimeout(timer))
}

describe('a gateway whose log nobody reads', () => {
  it.each([0, 1, 20])('ends when asked to, its reader gone %i calls ago', async (calls) => {
    await withGateway(async (gateway) => {
      gateway.child.stdout?.destroy()
      gateway.child.stderr?.destroy()
      for (let made = 0; made < calls; made++) {
        expect((await call('GET', `${gateway.url}/health/live`)).status).toBe(200)
      }
      expect(await endOf(gateway)).toBe(0)
    })
  })

  it('serves on in time when its reader stands still, and ends when asked to', async () => {
    await withGateway(async (gateway) => {
      gateway.child.stdout?.pause()
      await serves(gateway.url)
      expect(await endOf(gateway)).toBe(0)
    })
  })
})

describe('a gateway whose log cannot be written', () => {
  it.each([
    // Every write fails with ENOSPC.
    ['to a full device', 'exec "$0" src/runtime/node.ts > /dev/full'],
    // The first 64 KiB can be written, then every write fails with EFBIG, as on a full disk with ENOSPC.
    ['to a file that may not grow', 'ulimit -f 64; exec "$0" src/runtime/node.ts > "$DATA_DIR/log"'],
  ])('serves on in time, and ends when asked to: %s', async (_, script) => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-full-'))
    const { port, close } = await listenSomewhere(createServer())
    await close()
    const child = spawn('bash', ['-c', script, process.execPath], {
      cwd: resolve(import.meta.dirname, '../..'),
      env: {
        PATH: process.env['PATH'],
        PORT: `${port}`,
        DATA_DIR: folder,
        ...settings(),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exited = once(child, 'exit')
    try {
      const url = `http://127.0.0.1:${port}`
      await vi.waitUntil(() => live(url).catch(() => undefined), { timeout: 15_000, interval: 50 })
      await serves(url)
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
      await rm(folder, { recursive: true })
    }
  })
})

describe('the log of a process', () => {
  const writer = (lines: number, then: 'end' | 'go on') =>
    spawn(process.execPath, [resolve(import.meta.dirname, '../support/log-process.ts'), `${lines}`, then])

  it('holds up neither a fatal line nor the end of the process when nobody reads it', async () => {
    const child = writer(2000, 'end')
    const cut = setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS)
    expect(await once(child, 'exit')).toEqual([7, null])
    clearTimeout(cut)
  })

  it('says how many lines were dropped when it is read again, and drops none that it kept', async () => {
    const child = writer(20_000, 'go on')
    await once(child.stderr, 'data')
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    await vi.waitUntil(() => text.includes('were dropped'), { timeout: 10_000 })
    child.stdin.end()
    expect(await once(child, 'close')).toEqual([0, null])
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const kept = lines.filter(({ msg }) => msg === 'a line').map(({ line }) => line)
    expect(kept).toEqual(kept.map((_, at) => at + 1))
    const told = lines.find(({ msg }) => msg.includes('were dropped'))
    expect(kept.length).toBeGreaterThan(5000)
    expect(told.lines).toBeGreaterThanOrEqual(20_000 - kept.length)
  })
})
