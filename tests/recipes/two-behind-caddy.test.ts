import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openRelay, type Relay } from '../hostile/relay.ts'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { untilListening } from './listening.ts'
import { proxyPath } from './programs.ts'

const caddyfile = resolve(import.meta.dirname, '../../deploy/caddy/Caddyfile')

let database: TestDatabase
let relay: Relay
const gateways: GatewayProcess[] = []
let site: string
let apiKey: string
let stopCaddy: () => Promise<void>

const startGateway = (port: number) =>
  startGatewayProcess({
    DATABASE_URL: relay.url,
    GUICHET_SECRET: testSecret,
    TRUSTED_PROXIES: '127.0.0.0/8',
    PUBLIC_URL: 'https://gateway.example.com',
    PORT: String(port),
    SHUTDOWN_DELAY_SECONDS: '3',
  })

beforeAll(async () => {
  database = await freshDatabase()
  relay = await openRelay(database.url)
  const ports = [await freePort(), await freePort()]
  for (const port of ports) gateways.push(await startGateway(port))
  apiKey = await gateways[0]!.firstKey()
  await startCaddy(ports.map((port) => `127.0.0.1:${port}`))
}, 90_000)

afterAll(async () => {
  await stopCaddy?.()
  await Promise.all(gateways.map((gateway) => gateway.remove()))
  await relay?.close()
  await database?.drop()
})

/** The very file of deploy/, with its two variables. */
async function startCaddy(upstreams: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-caddy-'))
  const port = await freePort()
  site = `http://127.0.0.1:${port}`
  const child = spawn('caddy', ['run', '--config', caddyfile, '--adapter', 'caddyfile'], {
    env: { PATH: proxyPath, HOME: folder, SITE: site, GATEWAYS: upstreams.join(' ') },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  stopCaddy = async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  if (!(await Promise.race([untilListening(port), exited.then(() => false)])))
    throw new Error('Caddy did not start.')
}

const exchange = () => call('POST', `${site}/api/v1/auth/token/`, { json: { apiKey } })

/** How many exchanges a gateway has answered. */
const exchanged = (gateway: GatewayProcess) =>
  gateway.requestLines().filter((line) => line['route'] === '/api/v1/auth/token').length

const SOON = { timeout: 30_000, interval: 50 }

/** How many calls of a route a gateway has answered so. */
const answered = (gateway: GatewayProcess, route: string, status: number) =>
  gateway.requestLines().filter((line) => line['route'] === route && line['status'] === status).length

describe('two gateways behind the Caddyfile of deploy/', () => {
  it('are both asked', async () => {
    const before = gateways.map(exchanged)
    const bothAsked = () => gateways.every((gateway, at) => exchanged(gateway) > (before[at] ?? 0))
    // One that was slow to say that it is ready is not asked for a moment.
    while (!bothAsked()) await Promise.all(Array.from({ length: 10 }, exchange))
  })

  it('are replaced one after the other while calls go on', async () => {
    let going = true
    const answers: string[] = []
    const callers = Array.from({ length: 8 }, async () => {
      while (going) {
        const answer = await exchange().catch(() => undefined)
        answers.push(String(answer?.status ?? 'lost'))
      }
    })
    for (const [at, gateway] of gateways.entries()) {
      expect(await gateway.stop('SIGTERM')).toBe(0)
      await gateway.remove()
      const asked = answers.length
      gateways[at] = await startGateway(Number(new URL(gateway.url).port))
      // The other one alone answered meanwhile.
      expect(answers.length).toBeGreaterThan(asked)
      // Ready is not enough: Caddy must have seen it.
      await vi.waitUntil(() => exchanged(gateways[at]!) > 0, { timeout: 20_000 })
    }
    going = false
    await Promise.all(callers)
    const others = answers.filter((status) => status !== '200')
    expect(others).toEqual([])
  }, 60_000)

  it('verify on when the database is away for both, and say themselves what they cannot', async () => {
    const token = (await exchange()).body.data.access
    const me = () => call('GET', `${site}/api/v1/me`, { token })
    // Each of them knows the key.
    await vi.waitUntil(async () => {
      await me()
      return gateways.every((gateway) => answered(gateway, '/api/v1/me', 200) > 0)
    }, SOON)
    await relay.cut()
    try {
      const statuses = new Set<number>()
      // Caddy knows by then that neither is ready.
      await vi.waitUntil(async () => {
        statuses.add((await me()).status)
        return gateways.every((gateway) => answered(gateway, '/health/ready', 503) > 2)
      }, SOON)
      for (let round = 0; round < 5; round++) statuses.add((await me()).status)
      expect([...statuses]).toEqual([200])
      const { status, body } = await exchange()
      expect([status, body.error.code]).toEqual([503, 'service_unavailable'])
    } finally {
      await relay.mend()
    }
    await vi.waitUntil(async () => (await exchange()).status === 200, SOON)
  }, 90_000)
})
