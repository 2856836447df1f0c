import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { freePort } from '../support/free-port.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type Balancer, CHECK_EVERY_MS, startBalancer } from './support/balancer.ts'
import { acceptedAfterRevocation, doubleUses, isFault, mixedIdentities, told } from './support/checkers.ts'
import { startLoad } from './support/load.ts'
import { lostWrites } from './support/lost-writes.ts'
import { measured, tellMs } from './support/measured.ts'
import { prepareStage, type Stage } from './support/stage.ts'
import { rounds } from './support/thorough.ts'

const STOPS = rounds(2, 20)
const DELAY_SECONDS = 3
const GRACE_SECONDS = 10
/** A revocation at one instance reaches the other by the feed, and a busy machine is late with it. */
const REVOKED_WITHIN_MS = 2000

let database: TestDatabase
let balancer: Balancer
let stage: Stage
const gateways: GatewayProcess[] = []

const startAt = (port: number) =>
  startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    PUBLIC_URL: 'http://gateway.test',
    PORT: String(port),
    TRUSTED_PROXIES: '127.0.0.0/8',
    SHUTDOWN_DELAY_SECONDS: String(DELAY_SECONDS),
    SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
  })

beforeAll(async () => {
  database = await migratedDatabase()
  const ports = [await freePort(), await freePort()]
  for (const port of ports) gateways.push(await startAt(port))
  const adminKey = await gateways[0]!.firstKey()
  stage = await prepareStage(gateways[0]!.url, { adminKey, machines: 12, people: 3 })
  balancer = await startBalancer(ports)
}, 60_000)

afterAll(async () => {
  await balancer?.stop()
  await Promise.all(gateways.map((gateway) => gateway.remove()))
  await database?.drop()
})

/** How many calls a gateway has answered. */
const answered = (gateway: GatewayProcess) => gateway.requestLines().length

describe('two gateways behind a balancer, told to stop in turn under load', () => {
  it('cost no caller a single call', { timeout: 60_000 + STOPS * 20_000 }, async () => {
    expect(DELAY_SECONDS * 1000).toBeGreaterThan(2 * CHECK_EVERY_MS)
    const load = startLoad({ urls: [balancer.url], stage, perSecond: rounds(60, 100) })
    let longestMs = 0
    for (let stops = 0; stops < STOPS; stops++) {
      const at = stops % 2
      const leaving = gateways[at]!
      // Both are asked: one that nobody asks loses no call either.
      const before = answered(leaving)
      await vi.waitUntil(() => answered(leaving) > before + 20, { timeout: 20_000, interval: 20 })
      const startedAt = performance.now()
      expect(await leaving.stop('SIGTERM')).toBe(0)
      longestMs = Math.max(longestMs, performance.now() - startedAt)
      await leaving.remove()
      gateways[at] = await startAt(Number(new URL(leaving.url).port))
    }
    const log = await load.stop()
    expect(log.all.filter(isFault).map(told)).toEqual([])
    expect(longestMs).toBeLessThan((DELAY_SECONDS + GRACE_SECONDS) * 1000)
    expect(doubleUses(log)).toEqual([])
    expect(mixedIdentities(log)).toEqual([])
    expect(acceptedAfterRevocation(log, REVOKED_WITHIN_MS)).toEqual([])
    expect(await lostWrites(log, { url: gateways[0]!.url, stage })).toEqual([])
    measured(
      'F13',
      `${STOPS} stops in turn under ${log.all.length} calls: 0 errors, 0 lost writes, exit code 0 each time, ${tellMs(longestMs)} at the longest (of which ${DELAY_SECONDS} s are SHUTDOWN_DELAY_SECONDS)`,
    )
  })
})
