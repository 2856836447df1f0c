import { isIP } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { ReadMemory } from './read-memory.ts'

/** What one upstream is sent at the same time; more would drown most servers, and each is a socket of ours. */
const CONNECTIONS_PER_ORIGIN = 256
/** What may wait for one of them. Beyond it a call is refused at once: it would only grow old in the queue. */
const WAITING_PER_ORIGIN = 256

/** The connections to upstreams, kept open between calls. */
export interface UpstreamPools {
  /** The way to an origin, with its time limit for a new connection. */
  readonly to: (origin: string, connectMs: number) => UpstreamPool
  /** Cuts them all; resolves when none is left. */
  readonly close: () => Promise<void>
}

/** The connections to one origin. */
export interface UpstreamPool {
  /** Takes a place among the calls under way; false when there is none. Who enters must leave. */
  readonly enter: () => boolean
  readonly leave: () => void
  /** True while there are more calls than connections: whoever waits now waits for another call to end. */
  readonly isCrowded: () => boolean
  /** To be called once a piece of an answer is written, piece by piece: what it was read into is used again. */
  readonly written: (piece: Buffer) => void
  readonly dispatch: (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void
}

export function createUpstreamPools(): UpstreamPools {
  const pools = new Map<string, OpenPool>()
  const memory = new ReadMemory()
  return {
    to(origin, connectMs) {
      // Few and from the operator's rules: none of this grows with what clients ask for.
      const name = `${connectMs} ${origin}`
      const known = pools.get(name)
      if (known !== undefined) return known
      const opened = openPool(origin, connectMs, memory)
      pools.set(name, opened)
      return opened
    },
    async close() {
      // Destroyed, not closed: closing would wait for an upstream that never answers.
      await Promise.all([...pools.values()].map(({ destroy }) => destroy()))
    },
  }
}

interface OpenPool extends UpstreamPool {
  readonly destroy: () => Promise<void>
}

function openPool(origin: string, connectMs: number, memory: ReadMemory): OpenPool {
  const { hostname } = new URL(origin)
  const connector = buildConnector({ timeout: connectMs, allowH2: false, onread: memory.onread })
  const pool = new Pool(origin, {
    connections: CONNECTIONS_PER_ORIGIN,
    // HTTP/1.1 alone, so that what is true of one upstream (trailers, framing, cuts) is true of all.
    allowH2: false,
    // Left to itself undici takes the name to check in the certificate from the Host field, which may be the client's.
    connect: (options, callback) =>
      connector({ ...options, servername: isIP(hostname) === 0 ? hostname : '' }, callback),
  })
  // …and opens a new connection whenever that name changes.
  const named = { servername: hostname }
  let underway = 0
  return {
    enter() {
      if (underway >= CONNECTIONS_PER_ORIGIN + WAITING_PER_ORIGIN) return false
      underway += 1
      return true
    },
    leave() {
      underway -= 1
    },
    isCrowded: () => underway > CONNECTIONS_PER_ORIGIN,
    written: (piece) => memory.giveBack(piece),
    dispatch: (request, handler) => void pool.dispatch({ ...request, ...named }, handler),
    destroy: () => pool.destroy(),
  }
}
