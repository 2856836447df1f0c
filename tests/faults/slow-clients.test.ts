import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { isFault, told } from './support/checkers.ts'
import { startLoad } from './support/load.ts'
import { measured, tellMs } from './support/measured.ts'
import { durationsMs, quantile } from './support/operations.ts'
import { prepareStage, type Stage } from './support/stage.ts'
import { isThorough, rounds } from './support/thorough.ts'

/** Of each kind; three kinds. */
const SLOW = rounds(150, 700)
const PER_SECOND = rounds(40, 100)
const LOAD_MS = rounds(3000, 10_000)
/** When a head that does not come is refused, and a body: the limit, and how often the server looks. */
const HEAD_MS = 20_000
const BODY_MS = 65_000
/** What V8 lets lie beside them differs from run to run by some sixty; all that the deaf ask for would be 170 more, or 800. */
const MAY_GROW_MIB = 250

let database: TestDatabase
let gateway: GatewayProcess
let stage: Stage

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  const adminKey = await gateway.firstKey()
  stage = await prepareStage(gateway.url, { adminKey, machines: 12, people: 2 })
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

interface SlowClient {
  readonly socket: Socket
  readonly openedAtMs: number
  /** The first line of what was answered. */
  status: string | undefined
  closedAtMs: number | undefined
}

const head = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\nHost: gateway.test\r\n`

/** Opens connections that send a beginning and then a byte a second. */
async function openSlowly(beginning: string, dripping: string): Promise<readonly SlowClient[]> {
  return Promise.all(
    Array.from({ length: SLOW }, async () => {
      const client = await open()
      client.socket.write(beginning)
      const drip = setInterval(() => client.socket.write(dripping), 1000)
      client.socket.once('close', () => clearInterval(drip))
      return client
    }),
  )
}

/** Asks for as much as it can and reads nothing of it. */
async function openDeaf(path: string): Promise<readonly SlowClient[]> {
  return Promise.all(
    Array.from({ length: SLOW }, async () => {
      const client = await open()
      client.socket.pause()
      client.socket.write(`${head(`GET ${path} HTTP/1.1`)}\r\n`.repeat(6))
      return client
    }),
  )
}

async function open(): Promise<SlowClient> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  const client: SlowClient = {
    socket,
    openedAtMs: performance.now(),
    status: undefined,
    closedAtMs: undefined,
  }
  socket.on('data', (chunk) => {
    client.status ??= chunk.toString('latin1').split('\r\n')[0]
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    client.closedAtMs = performance.now()
  })
  await once(socket, 'connect')
  return client
}

/** What callers with a token of their own and all other calls took, and what went wrong. */
async function measure(): Promise<{ readonly p99Ms: number; readonly count: number }> {
  const load = startLoad({ urls: [gateway.url], stage, perSecond: PER_SECOND })
  await new Promise((done) => setTimeout(done, LOAD_MS))
  const log = await load.stop()
  expect(log.all.filter(isFault).map(told)).toEqual([])
  return {
    p99Ms: quantile(
      durationsMs(log.all, ({ kind }) => kind === 'protected'),
      0.99,
    ),
    count: log.all.length,
  }
}

/** How many answers the gateway makes in the next second for those who do not read them. */
async function madeForTheDeaf(): Promise<number> {
  const made = () => gateway.requestLines().filter(({ route }) => route === '/openapi.json').length
  const free = () => call('GET', `${gateway.url}/health/live`)
  await free()
  const before = made()
  await new Promise((done) => setTimeout(done, 500))
  await free()
  return before === 0 ? Number.POSITIVE_INFINITY : made() - before
}

async function rssMib(): Promise<number> {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${gateway.child.pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1024)
}

const allClosed = (clients: readonly SlowClient[], withinMs: number) =>
  vi.waitUntil(() => clients.every(({ closedAtMs }) => closedAtMs !== undefined), {
    timeout: withinMs,
    interval: 100,
  })

const longestMs = (clients: readonly SlowClient[]) =>
  Math.max(...clients.map(({ openedAtMs, closedAtMs = Number.POSITIVE_INFINITY }) => closedAtMs - openedAtMs))

describe(`${3 * SLOW} slow clients`, () => {
  it('are refused in time and cost the others nothing', { timeout: 200_000 }, async () => {
    // The first is a warm-up.
    await measure()
    const quiet = await measure()
    const before = await rssMib()
    const heads = await openSlowly(head('GET /health/live HTTP/1.1'), 'X')
    const bodies = await openSlowly(
      `${head('POST /api/v1/auth/token/ HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1000')}\r\n{`,
      ' ',
    )
    const deaf = await openDeaf('/openapi.json')
    // To make what they ask for is work like any other; what is meant is that it lies about unread.
    await expect.poll(madeForTheDeaf, { timeout: 60_000, interval: 10 }).toBe(0)
    const crowded = await measure()
    const grownMib = (await rssMib()) - before
    expect(grownMib).toBeLessThan(MAY_GROW_MIB)

    await allClosed(heads, HEAD_MS + 10_000)
    expect(new Set(heads.map(({ status }) => status))).toEqual(new Set(['HTTP/1.1 408 Request Timeout']))
    if (isThorough) {
      await allClosed(bodies, BODY_MS + 10_000)
      expect(new Set(bodies.map(({ status }) => status))).toEqual(new Set(['HTTP/1.1 408 Request Timeout']))
    }
    for (const { socket } of [...heads, ...bodies, ...deaf]) socket.destroy()
    expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(200)
    // On a machine that does other things as well: that the crowd does not stop the others is what shows.
    expect(crowded.p99Ms).toBeLessThan(Math.max(250, 5 * quiet.p99Ms))
    const bodiesTold = isThorough ? `, bodies after ${tellMs(longestMs(bodies))}` : ''
    measured(
      'F16',
      `${3 * SLOW} connections (heads and bodies at a byte a second, readers that read nothing): p99 of protected calls ${tellMs(crowded.p99Ms)} beside ${tellMs(quiet.p99Ms)} without them, 0 faults in ${crowded.count} calls; heads got 408 after ${tellMs(longestMs(heads))}${bodiesTold}; the gateway grew by ${grownMib} MiB`,
    )
  })
})
