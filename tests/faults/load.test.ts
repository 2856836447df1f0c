import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import {
  acceptedAfterRevocation,
  doubleUses,
  mixedIdentities,
  wrongFaults,
  wrongRefusals,
} from './support/checkers.ts'
import { startLoad } from './support/load.ts'
import { lostWrites } from './support/lost-writes.ts'
import type { OperationLog } from './support/operations.ts'
import { prepareStage, type Stage } from './support/stage.ts'

/** In all more than may be under way at once. */
const PER_SECOND = 100
const SECONDS = 5

let database: TestDatabase
let gateway: GatewayProcess
let stage: Stage
let log: OperationLog

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  stage = await prepareStage(gateway.url, { adminKey: await gateway.firstKey(), machines: 10, people: 3 })
  const load = startLoad({ urls: [gateway.url], stage, perSecond: PER_SECOND })
  await new Promise((done) => setTimeout(done, SECONDS * 1000))
  log = await load.stop()
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

describe('a load on a gateway that nothing happens to', () => {
  it('is mixed as it is meant to be', () => {
    const share = (kind: string) =>
      log.all.filter((operation) => operation.kind === kind).length / log.all.length
    expect(log.all.length).toBeGreaterThan(PER_SECOND * SECONDS * 0.8)
    // On a busy machine whoever waits for an answer makes no other call, and protected calls wait for nobody.
    expect(share('protected')).toBeGreaterThan(0.45)
    expect(share('exchange')).toBeGreaterThan(0.1)
    expect(share('refresh')).toBeGreaterThan(0.05)
    expect(share('account')).toBeGreaterThan(0.02)
    const deeds = new Set(log.all.map(({ facts }) => facts.deed))
    for (const deed of ['client', 'key', 'revocation', 'profile', 'session']) expect(deeds).toContain(deed)
  })

  it('has every call answered as it should be', async () => {
    const always = { fromMs: 0, untilMs: 0, recoveryMs: 0 }
    expect([
      ...wrongFaults(log, always),
      ...wrongRefusals(log),
      ...mixedIdentities(log),
      ...doubleUses(log),
      ...acceptedAfterRevocation(log, 0),
      ...(await lostWrites(log, { url: gateway.url, stage })),
    ]).toEqual([])
    expect(log.all.filter(({ facts }) => facts.withdrawn === true).length).toBeGreaterThan(0)
  })
})

describe('the checker of lost writes', () => {
  const lost = (filter: (log: OperationLog) => OperationLog['all']) =>
    lostWrites({ all: filter(log) }, { url: gateway.url, stage })

  it('sees a client, a key, a session and a profile that are not there', async () => {
    const elsewhere = { client: 'no-such', key: 'no-such', session: 'no-such', revocation: '', profile: '' }
    for (const deed of ['client', 'key', 'session', 'profile'] as const) {
      const found = await lost(({ all }) => {
        const one = all.findLast(({ facts, outcome }) => facts.deed === deed && outcome === 'ok')!
        const facts =
          deed === 'profile' ? { ...one.facts, value: 'x' } : { ...one.facts, id: elsewhere[deed] }
        return [{ ...one, facts }]
      })
      expect(found).toHaveLength(1)
    }
  })

  it('sees a revocation that is lost, and a key that there is twice', async () => {
    const token = stage.adminAccess
    const made = await call('POST', `${gateway.url}/api/v1/clients`, { token, json: { name: 'twice' } })
    const keys = `${gateway.url}/api/v1/clients/${made.body.data.id}/keys`
    const key = await call('POST', keys, { token, json: { name: 'one' } })
    const issued = log.all.find(({ facts }) => facts.deed === 'key')!
    const revoked = log.all.find(({ facts }) => facts.deed === 'revocation')!
    const id: string = key.body.data.id
    const all = [
      { ...issued, facts: { ...issued.facts, id, value: made.body.data.id } },
      { ...revoked, facts: { ...revoked.facts, id } },
    ]
    expect(await lost(() => all)).toEqual([`the revocation of ${id} is lost`])
    await call('POST', keys, { token, json: { name: 'another' } })
    expect(await lost(() => all)).toEqual([`the client ${made.body.data.id} has 2 keys of one request`])
  })
})
