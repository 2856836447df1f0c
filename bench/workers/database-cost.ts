import { setTimeout as pause } from 'node:timers/promises'
import type { HttpRequest } from '../contender.ts'
import { send } from '../send.ts'
import { median } from '../statistics.ts'
import type { PostgresRelay } from './postgres-relay.ts'

/** What one call asks of the database. */
export interface DatabaseCost {
  /** Round trips that the answer waited for. */
  readonly before: number
  /** Those of what is written once the answer has gone. */
  readonly after: number
  readonly connections: number
  /** Round trips until those connections could be used. */
  readonly setUp: number
}

/** Far more than an answer takes from the Worker to us, and far less than would be worth waiting for. */
const DELAY_MS = 5

/** Makes one call after the other, each when all of the one before is written. @throws Error for another status */
export async function countTrips(
  relay: PostgresRelay,
  origin: string,
  requests: readonly HttpRequest[],
): Promise<DatabaseCost> {
  const costs: DatabaseCost[] = []
  await relay.settled()
  relay.delay(DELAY_MS)
  try {
    for (const request of requests) costs.push(await costOf(relay, origin, request))
  } finally {
    await relay.settled()
    relay.delay(0)
  }
  const middle = (pick: (cost: DatabaseCost) => number) => median(costs.map(pick))
  return {
    before: middle(({ before }) => before),
    after: middle(({ after }) => after),
    connections: middle(({ connections }) => connections),
    setUp: middle(({ setUp }) => setUp),
  }
}

async function costOf(relay: PostgresRelay, origin: string, request: HttpRequest): Promise<DatabaseCost> {
  const atFirst = relay.count()
  const { status, text } = await send(origin, request)
  const answered = relay.count()
  if (status !== 200) throw new Error(`${request.path} answered ${status}: ${text.slice(0, 80)}`)
  // What is written next may need a connection that is not there yet.
  await pause(2 * DELAY_MS)
  await relay.settled()
  const atLast = relay.count()
  return {
    before: answered.queryTrips - atFirst.queryTrips,
    after: atLast.queryTrips - answered.queryTrips,
    connections: atLast.connections - atFirst.connections,
    setUp: atLast.setUpTrips - atFirst.setUpTrips,
  }
}
