import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The requests that are being answered. */
export interface Underway {
  readonly add: (response: ServerResponse) => void
  readonly remove: (response: ServerResponse) => void
  /** Lets the body of a request take as long as it likes: whoever reads it minds its pace. */
  readonly exempt: (response: ServerResponse) => void
  /** Those whose body should have come by now. */
  readonly overdue: (limitMs: number) => readonly IncomingMessage[]
  readonly all: () => Iterable<ServerResponse>
  /** Says whether a socket is waiting for an answer, or is in the middle of one. */
  readonly on: (socket: Duplex) => 'nothing' | 'waiting' | 'answering'
}

export function createUnderway(): Underway {
  const since = new Map<ServerResponse, number>()
  return {
    add: (response) => void since.set(response, performance.now()),
    remove: (response) => void since.delete(response),
    exempt(response) {
      if (since.has(response)) since.set(response, Number.POSITIVE_INFINITY)
    },
    overdue(limitMs) {
      const latest = performance.now() - limitMs
      return [...since].filter(([{ req }, at]) => at < latest && !req.complete).map(([{ req }]) => req)
    },
    all: () => since.keys(),
    on(socket) {
      const responses = [...since.keys()].filter(({ req }) => req.socket === socket)
      if (responses.length === 0) return 'nothing'
      return responses.some(({ headersSent }) => headersSent) ? 'answering' : 'waiting'
    },
  }
}
