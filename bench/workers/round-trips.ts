/** What one connection to PostgreSQL has cost so far, in round trips. */
export interface RoundTrips {
  /** Until the server was ready for the first query: the start, and each answer that authentication asks for. */
  readonly setUp: number
  /** Afterwards: as often as the server was ready again. A statement has one, a transaction one for each of its parts. */
  readonly queries: number
}

export interface RoundTripCounter {
  /** Takes what the server has sent next, cut wherever the network cut it. */
  readonly read: (chunk: Uint8Array) => void
  readonly count: () => RoundTrips
}

const AUTHENTICATION = 'R'.charCodeAt(0)
const READY_FOR_QUERY = 'Z'.charCodeAt(0)
const TYPE_BYTES = 1
const LENGTH_BYTES = 4
const HEAD_BYTES = TYPE_BYTES + LENGTH_BYTES

// AuthenticationOk and AuthenticationSASLFinal tell; every other one asks.
const authenticationTells: readonly number[] = [0, 12]

/**
 * Counts by the messages of the server (PostgreSQL's protocol 3.0, "Message Formats"): each is a letter, a length that
 * counts itself, and a body. The answer to a question about TLS has no length: the connection must not ask one.
 */
export function createRoundTripCounter(): RoundTripCounter {
  let unread = Buffer.alloc(0)
  let asked = 0
  let ready = 0

  const readMessage = (type: number | undefined, body: Buffer) => {
    if (type === READY_FOR_QUERY) ready++
    if (type === AUTHENTICATION && !authenticationTells.includes(body.readUInt32BE(0))) asked++
  }
  return {
    read(chunk) {
      unread = Buffer.concat([unread, chunk])
      while (unread.length >= HEAD_BYTES) {
        const end = TYPE_BYTES + unread.readUInt32BE(TYPE_BYTES)
        if (unread.length < end) return
        readMessage(unread[0], unread.subarray(HEAD_BYTES, end))
        unread = unread.subarray(end)
      }
    },
    // The server is ready for the first time when the set-up ends.
    count: () => ({ setUp: asked + Math.min(1, ready), queries: Math.max(0, ready - 1) }),
  }
}
