import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string | undefined

beforeAll(async () => {
  database = await migratedDatabase()
})

afterEach(() => gateway.remove())
afterAll(() => database.drop())

// Far from what an unhurried end takes, so that a slow machine cannot mistake one for the other.
const LONG_GRACE_SECONDS = 12
const WITHOUT_WAITING_MS = 8000

async function start(graceSeconds = LONG_GRACE_SECONDS, delaySeconds = 0): Promise<void> {
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    SHUTDOWN_GRACE_SECONDS: String(graceSeconds),
    SHUTDOWN_DELAY_SECONDS: String(delaySeconds),
  })
  apiKey ??= await gateway.firstKey()
  const { status } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  expect(status).toBe(200)
}

interface Wire {
  readonly socket: Socket
  /** All that has arrived so far. */
  readonly text: () => string
  readonly closed: Promise<unknown>
}

async function openWire(): Promise<Wire> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  // A reset is an end like any other here; what had arrived is looked at.
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  await once(socket, 'connect')
  return { socket, text: () => text, closed }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`

/** The head and the body of an exchange, to be sent apart. */
function exchangeInParts(): readonly [head: string, body: string] {
  const body = JSON.stringify({ apiKey })
  const head = [
    'POST /api/v1/auth/token/ HTTP/1.1',
    'Host: gateway.test',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '\r\n',
  ]
  return [head.join('\r\n'), body]
}

const arrived = (wire: Wire, part: string) =>
  vi.waitUntil(() => wire.text().includes(part), { timeout: 15_000, interval: 10 })

/** Sends SIGTERM and waits until the gateway has said that it stops. */
async function termed(): Promise<{ readonly exit: Promise<number | NodeJS.Signals>; readonly atMs: number }> {
  const atMs = performance.now()
  const exit = gateway.stop('SIGTERM')
  await vi.waitUntil(() => gateway.output().includes('"stopping"'), { timeout: 15_000, interval: 5 })
  return { exit, atMs }
}

describe('a gateway that is told to stop', { timeout: 40_000 }, () => {
  it('exits with 0 at once when there is nothing to wait for', async () => {
    await start()
    const { exit, atMs } = await termed()
    expect(await exit).toBe(0)
    expect(performance.now() - atMs).toBeLessThan(WITHOUT_WAITING_MS)
    expect(gateway.output()).toContain('"stopped"')
  })

  it('answers the request that is in flight, says goodbye on it, and then exits without waiting', async () => {
    await start()
    const wire = await openWire()
    const [head, body] = exchangeInParts()
    wire.socket.write(head + body.slice(0, 20))
    // A second request shows that the first has arrived: the gateway reads in order.
    expect((await call('GET', `${gateway.url}/health/live`)).status).toBe(200)
    const { exit, atMs } = await termed()
    wire.socket.write(body.slice(20))
    await arrived(wire, '"refresh"')
    expect(wire.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(await exit).toBe(0)
    // An answered client holds nobody up, whether or not it hangs up.
    expect(performance.now() - atMs).toBeLessThan(WITHOUT_WAITING_MS)
    expect(wire.text()).toMatch(/^connection: close\r$/im)
    await wire.closed
  })

  it('refuses new connections', async () => {
    await start()
    const wire = await openWire()
    wire.socket.write(exchangeInParts()[0])
    const { exit } = await termed()
    await expect(call('GET', `${gateway.url}/health/live`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    })
    wire.socket.destroy()
    expect(await exit).toBe(0)
  })

  it('closes a kept-alive connection that is idle', async () => {
    await start()
    const wire = await openWire()
    wire.socket.write(get('/health/live'))
    await arrived(wire, '"live"')
    expect(wire.text()).not.toMatch(/^connection: close\r$/im)
    const { exit, atMs } = await termed()
    await wire.closed
    expect(performance.now() - atMs).toBeLessThan(WITHOUT_WAITING_MS)
    expect(await exit).toBe(0)
  })

  it('is no longer ready, and tells a kept-alive client to go', async () => {
    await start()
    const wire = await openWire()
    const request = get('/health/ready')
    wire.socket.write(request.slice(0, -2))
    expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(200)
    const { exit, atMs } = await termed()
    wire.socket.write(request.slice(-2))
    await wire.closed
    expect(wire.text()).toMatch(/^HTTP\/1\.1 503 /)
    expect(wire.text()).toMatch(/^connection: close\r$/im)
    expect(wire.text()).toMatch(/^retry-after: \d+\r$/im)
    expect(await exit).toBe(0)
    expect(performance.now() - atMs).toBeLessThan(WITHOUT_WAITING_MS)
  })

  it('exits at the end of its grace when a client is stuck, and not before', async () => {
    await start(1)
    const wire = await openWire()
    wire.socket.write(exchangeInParts()[0])
    const { exit, atMs } = await termed()
    gateway.child.kill('SIGTERM')
    gateway.child.kill('SIGINT')
    expect(await exit).toBe(0)
    const tookMs = performance.now() - atMs
    expect(tookMs).toBeGreaterThan(950)
    expect(tookMs).toBeLessThan(4000)
    await wire.closed
  })
})

describe('a gateway that is told to stop, with a delay', () => {
  it('is not ready any more, and serves on until the delay is over', async () => {
    const delaySeconds = 6
    await start(LONG_GRACE_SECONDS, delaySeconds)
    const { exit, atMs } = await termed()
    expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(503)
    const wire = await openWire()
    const [head, body] = exchangeInParts()
    wire.socket.write(head + body)
    await wire.closed
    expect(wire.text()).toMatch(/^HTTP\/1\.1 200 /)
    expect(wire.text().toLowerCase()).toContain('\r\nconnection: close\r\n')
    expect(await exit).toBe(0)
    expect(performance.now() - atMs).toBeGreaterThan(delaySeconds * 1000)
  })
})
