import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { measured, tellMs } from './support/measured.ts'
import { rounds } from './support/thorough.ts'

const FILES = 256
const CONNECTIONS = 1000
const FLOODS = rounds(2, 10)
const HELD_MS = 1000
const RECOVERY_MS = 5000

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess(
    { DATABASE_URL: database.url, GUICHET_SECRET: testSecret },
    { under: ['prlimit', `--nofile=${FILES}`] },
  )
  apiKey = await gateway.firstKey()
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

const exchange = () => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

/** Connects as often as it can, and answers how to let go. */
function flood(): () => void {
  const { hostname, port } = new URL(gateway.url)
  const sockets: Socket[] = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    return socket
  })
  return () => {
    for (const socket of sockets) socket.destroy()
  }
}

describe(`a gateway that may open ${FILES} files, under ${CONNECTIONS} connections`, () => {
  it('lives, answers no 500, and serves again when they are gone', {
    timeout: 30_000 + FLOODS * 10_000,
  }, async () => {
    const statuses = new Map<string, number>()
    let longestMs = 0
    for (let floods = 0; floods < FLOODS; floods++) {
      const letGo = flood()
      const until = performance.now() + HELD_MS
      while (performance.now() < until) {
        const late = new Promise<undefined>((done) => setTimeout(done, 200, undefined))
        const answer = await Promise.race([exchange().catch(() => undefined), late])
        const told = String(answer?.status ?? 'none')
        statuses.set(told, (statuses.get(told) ?? 0) + 1)
      }
      letGo()
      const letGoAt = performance.now()
      await expect
        .poll(async () => (await exchange().catch(() => undefined))?.status, {
          timeout: RECOVERY_MS,
          interval: 20,
        })
        .toBe(200)
      longestMs = Math.max(longestMs, performance.now() - letGoAt)
      expect(gateway.child.exitCode).toBeNull()
    }
    expect([...statuses.keys()].filter((status) => !['200', '503', 'none'].includes(status))).toEqual([])
    expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(200)
    expect(await gateway.stop()).toBe(0)
    const seen = [...statuses].map(([status, times]) => `${status}: ${times}`).join(', ')
    measured(
      'F17',
      `${FLOODS} floods of ${CONNECTIONS} connections on ${FILES} files: alive after each, serving ${tellMs(longestMs)} after its end; answers meanwhile ${seen}`,
    )
  })
})
