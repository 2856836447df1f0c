import type { WebSocket } from 'ws'
import type { Lease, StreamEnd } from '../../http/wire.ts'
import { keepAlive, type Leg } from './websocket-alive.ts'
import {
  CLOSE_TIMEOUT_MS,
  type Close,
  messageTooBig,
  passOnClose,
  type Side,
  spellCut,
  vanished,
} from './websocket-close.ts'

/** What may wait for a slow reader before the other side is read no further. */
const HIGH_WATER_BYTES = 256 * 1024

/** How long a reader may take over what was sent to it before the other side closed. */
const LINGER_MS = 30_000

/** Carries messages, closes and broken ends both ways until both are closed, reading no faster than is read. */
export function carryMessages(
  legs: Readonly<Record<Side, Leg>>,
  { idleMs, onStream }: { readonly idleMs: number; readonly onStream: Lease | undefined },
): void {
  let ending = false
  let deadline: NodeJS.Timeout | undefined
  const alive = keepAlive([legs.client, legs.upstream], idleMs)
  const over = Promise.withResolvers<void>()
  carry('client', 'upstream')
  carry('upstream', 'client')
  // Only now: the lease may cut at once.
  const release = onStream?.(cut)
  void over.promise.then(release)
  legs.upstream.socket.resume()

  function carry(side: Side, otherSide: Side): void {
    const from = legs[side].socket
    const to = legs[otherSide].socket
    from.on('message', (data, isBinary) => {
      if (ending) return
      to.send(data, { binary: isBinary }, () => {
        if (!from.isPaused || to.bufferedAmount > HIGH_WATER_BYTES / 2) return
        // With the kernel's buffers full, what goes out shows that somebody reads.
        alive.hear(legs[otherSide])
        from.resume()
      })
      if (to.bufferedAmount > HIGH_WATER_BYTES) from.pause()
    })
    from.on('error', (error) => end(otherSide, isTooBig(error) ? messageTooBig : vanished[side]))
    from.on('close', (code, reason) => {
      end(otherSide, passOnClose(side, { code, reason: reason.toString() }))
      if (to.readyState === to.CLOSED) finish()
    })
  }

  /** Closes the one side because the other has ended; what that other had sent before goes out first. */
  function end(side: Side, close: Close): void {
    if (ending) return
    ending = true
    const { socket } = legs[side]
    // Nothing of it is passed on any more, but its answer to the close must be read.
    socket.resume()
    deadline = setTimeout(() => socket.terminate(), LINGER_MS)
    if (socket.bufferedAmount === 0) closeWith(socket, close)
    // Behind all messages: an empty ping, whose going out says that they have gone.
    else socket.ping('', undefined, () => closeWith(socket, close))
  }

  function cut(reason: StreamEnd): void {
    ending = true
    clearTimeout(deadline)
    deadline = setTimeout(() => {
      for (const { socket } of Object.values(legs)) socket.terminate()
    }, CLOSE_TIMEOUT_MS)
    const closes = spellCut(reason)
    for (const side of ['client', 'upstream'] as const) {
      legs[side].socket.resume()
      closeWith(legs[side].socket, closes[side])
    }
  }

  function finish(): void {
    clearTimeout(deadline)
    alive.stop()
    over.resolve()
  }
}

function closeWith(socket: WebSocket, { code, reason }: Close): void {
  if (code === undefined) socket.close()
  else socket.close(code, reason)
}

function isTooBig(error: Error): boolean {
  return 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
}
