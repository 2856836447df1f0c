import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createRoundTripCounter, type RoundTripCounter } from './round-trips.ts'

/** Stands before PostgreSQL, carries every byte and counts. It runs in the bench's own process. */
export interface PostgresRelay {
  /** The address of the same database, through the relay. */
  readonly url: string
  /** Since the relay started. */
  readonly count: () => DatabaseTraffic
  /**
   * Holds whatever a client says for so long, as a network would: what is sent after an answer is then counted after it.
   * Only to be set while nobody is connected, or bytes would overtake each other.
   */
  readonly delay: (ms: number) => void
  /** Waits until nobody is connected. */
  readonly settled: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface DatabaseTraffic {
  readonly connections: number
  readonly setUpTrips: number
  readonly queryTrips: number
}

const LOOK_EVERY_MS = 2
const SETTLE_MAX_MS = 10_000

export async function startPostgresRelay(databaseUrl: string): Promise<PostgresRelay> {
  const target = new URL(databaseUrl)
  const open = new Map<Socket, RoundTripCounter>()
  let over: DatabaseTraffic = { connections: 0, setUpTrips: 0, queryTrips: 0 }
  let delayMs = 0

  const server = createServer({ noDelay: true }, (client) => {
    const counter = createRoundTripCounter()
    open.set(client, counter)
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    const later = (act: () => void) => {
      if (delayMs === 0) act()
      else setTimeout(act, delayMs)
    }
    client.on('data', (chunk) => later(() => upstream.write(chunk)))
    client.on('end', () => later(() => upstream.end()))
    upstream.on('data', (chunk: Buffer) => {
      // Counted first: whoever sees the answer to a call finds its trips counted.
      counter.read(chunk)
      client.write(chunk)
    })
    // A side that breaks off is closed next, and takes the other one along.
    for (const side of [client, upstream]) side.on('error', () => {})
    upstream.on('close', () => client.destroy())
    client.on('close', () => {
      later(() => upstream.destroy())
      open.delete(client)
      over = sum(over, counter)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The relay has no port.')
  const url = new URL(databaseUrl)
  url.port = String(address.port)
  return {
    url: url.href,
    count: () => [...open.values()].reduce(sum, over),
    delay(ms) {
      delayMs = ms
    },
    async settled() {
      for (const lastAt = Date.now() + SETTLE_MAX_MS; open.size > 0; await pause(LOOK_EVERY_MS)) {
        if (Date.now() > lastAt) throw new Error('A connection to the database stayed open.')
      }
    },
    async stop() {
      for (const client of open.keys()) client.destroy()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

function sum(so: DatabaseTraffic, counter: RoundTripCounter): DatabaseTraffic {
  const { setUp, queries } = counter.count()
  return {
    connections: so.connections + 1,
    setUpTrips: so.setUpTrips + setUp,
    queryTrips: so.queryTrips + queries,
  }
}
