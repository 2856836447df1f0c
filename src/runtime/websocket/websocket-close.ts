import type { StreamEnd } from '../../http/wire.ts'

/** How a WebSocket is closed: code and reason of the close frame, or no code at all (RFC 6455 §5.5.1). */
export interface Close {
  readonly code: number | undefined
  readonly reason: string
}

/** Which end of a relay: the one that called the gateway, or the one that it calls. */
export type Side = 'client' | 'upstream'

/** A peer that does not answer a close is cut off after this long. */
export const CLOSE_TIMEOUT_MS = 2000

/** What each side is told when its stream is cut: to the upstream it is an ordinary end. */
export function spellCut(reason: StreamEnd): Readonly<Record<Side, Close>> {
  if (reason === 'shutting_down') {
    const goingAway = { code: 1001, reason }
    return { client: goingAway, upstream: goingAway }
  }
  return { client: { code: 4401, reason }, upstream: { code: 1000, reason: '' } }
}

/**
 * What the other side is told when one side has closed. 1005 and 1006 are never sent (RFC 6455 §7.4.1): the first
 * stands for a close without a code and goes on as one, the second for no close at all.
 */
export function passOnClose(from: Side, { code, reason }: Close): Close {
  if (code === 1005) return { code: undefined, reason: '' }
  if (code === undefined || code === 1006 || code === 1015) return vanished[from]
  return { code, reason }
}

/** What the other side is told when one side broke off, or broke the protocol. */
export const vanished: Readonly<Record<Side, Close>> = {
  client: { code: 1001, reason: 'client_gone' },
  upstream: { code: 1011, reason: 'upstream_gone' },
}

/** Both sides get it when a message passes the cap, whoever sent it. */
export const messageTooBig: Close = { code: 1009, reason: 'message_too_big' }
