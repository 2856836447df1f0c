import type { SocketCall, StreamEnd, UpstreamOutcome } from '../../http/wire.ts'
import {
  type Close,
  messageTooBig,
  passOnClose,
  type Side,
  spellCut,
  vanished,
} from '../websocket/websocket-close.ts'
import { faultOf, fetcherOf, headersOf, urlOf, type WorkerSurroundings } from './worker-fetch.ts'
import { holdStream } from './worker-lease.ts'

/** The body of an answer that declines; a longer one is left out, since half of it would be none. */
const DECLINED_BODY_MAX_BYTES = 64 * 1024

/** Opens a WebSocket to the upstream by the platform's fetch, then the client's, and carries messages between them. */
export async function connectByFetch(
  call: SocketCall,
  { bindings, keepStreamsHonest }: WorkerSurroundings,
): Promise<UpstreamOutcome> {
  const fetchUpstream = fetcherOf(call.address, bindings)
  if (fetchUpstream === undefined)
    return { kind: 'failed', fault: 'unreachable', detail: 'there is no service binding of this name' }
  const headers = headersOf(call.fields)
  headers.set('Upgrade', 'websocket')
  if (call.protocols.length > 0) headers.set('Sec-WebSocket-Protocol', call.protocols.join(', '))
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), call.timeouts.connectMs + call.timeouts.firstByteMs)
  try {
    const answer = await fetchUpstream(urlOf(call.address, call.target), {
      headers,
      redirect: 'manual',
      encodeResponseBody: 'manual',
      signal: late.signal,
    })
    if (answer.webSocket === null || answer.webSocket === undefined) return await decline(answer)
    const { 0: forClient, 1: client } = new WebSocketPair()
    carry({ client, upstream: answer.webSocket }, call, keepStreamsHonest)
    return { kind: 'answered', status: 101, response: upgraded(answer, forClient, call), complete: true }
  } catch (error) {
    if (!late.signal.aborted) return faultOf(error)
    return { kind: 'failed', fault: 'first_byte_timeout', detail: 'no answer in time' }
  } finally {
    clearTimeout(timer)
  }
}

function upgraded(answer: Response, webSocket: WebSocket, call: SocketCall): Response {
  const headers = headersOf(call.answerFields)
  const protocol = answer.headers.get('sec-websocket-protocol') ?? call.fallbackProtocol
  if (protocol !== undefined) headers.set('Sec-WebSocket-Protocol', protocol)
  return new Response(null, { status: 101, webSocket, headers })
}

async function decline(answer: Response): Promise<UpstreamOutcome> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of answer.body ?? []) {
    sizeBytes += piece.byteLength
    if (sizeBytes > DECLINED_BODY_MAX_BYTES) break
    pieces.push(piece)
  }
  const body = sizeBytes > DECLINED_BODY_MAX_BYTES ? new Uint8Array() : Buffer.concat(pieces)
  const framing = ['content-length', 'transfer-encoding']
  const fields = [...answer.headers].filter(([name]) => !framing.includes(name)).flat()
  return { kind: 'declined', status: answer.status, fields, body }
}

/**
 * Carries messages both ways until either end closes. The platform answers pings itself, sends none, and takes what is
 * sent without telling what waits: neither a quiet peer nor a slow one can be seen from here.
 */
function carry(
  sockets: Readonly<Record<Side, WebSocket>>,
  call: SocketCall,
  keepHonest: (() => Promise<void>) | undefined,
): void {
  let ending = false
  for (const socket of Object.values(sockets)) {
    // Told by us when a side closes, not by the platform: the other side's close may still be on its way.
    socket.accept({ allowHalfOpen: true })
    socket.binaryType = 'arraybuffer'
  }
  const release = holdStream(call.onStream, { keepHonest, onCut })
  listen('client', 'upstream')
  listen('upstream', 'client')

  function listen(side: Side, otherSide: Side): void {
    const [from, to] = [sockets[side], sockets[otherSide]]
    from.addEventListener('message', ({ data }: MessageEvent) => {
      if (ending) return
      if (sizeOf(data) <= call.messageMaxBytes) return to.send(data)
      end({ client: messageTooBig, upstream: messageTooBig })
    })
    from.addEventListener('close', ({ code, reason, wasClean }: CloseEvent) => {
      const close = passOnClose(side, { code: wasClean ? code : 1006, reason })
      end({ [side]: answerTo(code), [otherSide]: close } as Record<Side, Close>)
    })
    from.addEventListener('error', () => {
      end({ [side]: vanished[side], [otherSide]: vanished[side] } as Record<Side, Close>)
    })
  }

  function onCut(reason: StreamEnd): void {
    end(spellCut(reason))
  }

  function end(closes: Readonly<Record<Side, Close>>): void {
    if (ending) return
    ending = true
    release()
    for (const side of ['client', 'upstream'] as const) closeWith(sockets[side], closes[side])
  }
}

/** RFC 6455 §5.5.1: a close is answered with its own code. */
function answerTo(code: number): Close {
  return { code: code === 1005 || code === 1006 ? undefined : code, reason: '' }
}

function closeWith(socket: WebSocket, { code, reason }: Close): void {
  try {
    if (code === undefined) socket.close()
    else socket.close(code, reason)
  } catch {
    // Closed from the other end in the same moment: what was wanted.
  }
}

function sizeOf(data: string | ArrayBuffer): number {
  return typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength
}
