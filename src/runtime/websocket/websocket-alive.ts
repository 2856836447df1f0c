import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

/** One end of a relay: a WebSocket and the stream below it. */
export interface Leg {
  readonly socket: WebSocket
  readonly stream: Socket
}

export interface KeptAlive {
  /** Takes another sign of life than bytes that came. */
  readonly hear: (leg: Leg) => void
  readonly stop: () => void
}

/**
 * Pings a peer that has been silent for half of `idleMs` or longer, and cuts it off when half as long again brings
 * nothing, not even the pong (RFC 6455 §5.5.2). With 0 nobody is asked.
 */
export function keepAlive(legs: readonly Leg[], idleMs: number): KeptAlive {
  const watches = legs.map((leg) => ({ leg, bytesRead: leg.stream.bytesRead, heard: true, pinged: false }))
  const timer = idleMs > 0 ? setInterval(() => watches.forEach(look), idleMs / 2) : undefined
  return {
    hear(leg) {
      for (const watch of watches) if (watch.leg === leg) watch.heard = true
    },
    stop: () => clearInterval(timer),
  }
}

function look(watch: { readonly leg: Leg; bytesRead: number; heard: boolean; pinged: boolean }): void {
  const { socket, stream } = watch.leg
  // Counted below the messages: a long one that trickles in is a sign of life as well.
  const isHeard = watch.heard || stream.bytesRead !== watch.bytesRead
  watch.bytesRead = stream.bytesRead
  watch.heard = false
  // One that is not read at the moment cannot be heard; the other side, for whose sake it waits, is asked.
  if (isHeard || socket.isPaused) watch.pinged = false
  else if (watch.pinged) socket.terminate()
  else {
    watch.pinged = true
    socket.ping()
  }
}
