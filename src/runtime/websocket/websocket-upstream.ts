import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { FieldList, SocketCall, UpstreamFault, UpstreamOutcome } from '../../http/wire.ts'
import { CLOSE_TIMEOUT_MS } from './websocket-close.ts'

/** What came of a handshake with an upstream. An open socket is paused: no message is lost before somebody listens. */
export type UpstreamSocket =
  | {
      readonly kind: 'open'
      readonly socket: WebSocket
      readonly stream: Socket
      /** Undefined where the upstream chose none of those it was offered. */
      readonly protocol: string | undefined
    }
  | Exclude<UpstreamOutcome, { readonly kind: 'answered' }>

/** The body of an answer that declines; a longer one is left out, since half of it would be none. */
const DECLINED_BODY_MAX_BYTES = 64 * 1024

/** The network's own sign of life, for the peers whose host went without a word. */
export const TCP_KEEP_ALIVE_MS = 60_000

/** Opens a WebSocket to the upstream (RFC 6455 §4.1), unless the client goes first. */
export function openUpstreamSocket(call: SocketCall, clientGone: AbortSignal): Promise<UpstreamSocket> {
  const { address, timeouts } = call
  if (address.kind === 'binding')
    return Promise.resolve(failed('unreachable', 'a service binding exists on Workers only'))
  const { promise, resolve } = Promise.withResolvers<UpstreamSocket>()
  const socket = new WebSocket(address.origin, [...call.protocols], {
    headers: fieldRecord(call.fields),
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: call.messageMaxBytes,
    finishRequest: sendRequest,
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
  })
  let stream: Socket | undefined
  let connected = false
  let protocol: string | undefined
  let timer = setTimeout(() => giveUp('unreachable', 'no connection in time'), timeouts.connectMs)

  const onClientGone = () => giveUp('client_gone', 'before the upstream had answered')
  clientGone.addEventListener('abort', onClientGone, { once: true })
  socket.once('upgrade', acceptNoChoice)
  socket.once('open', () => {
    socket.pause()
    if (stream !== undefined) settle({ kind: 'open', socket, stream, protocol })
  })
  socket.once('unexpected-response', readDeclined)
  // It stays for as long as the socket does: a second error would otherwise end the process.
  socket.on('error', (error) => settle(failed(connected ? 'broken' : 'unreachable', describe(error))))
  return promise

  function sendRequest(request: ClientRequest): void {
    // As it is spelled: the parser of ws, a URL's, would tidy it.
    request.path = call.target
    request.once('socket', (opening) => {
      stream = opening
      opening.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
      opening.once(isSecure(call) ? 'secureConnect' : 'connect', () => {
        connected = true
        awaitHead()
      })
    })
    request.end()
  }

  function awaitHead(): void {
    clearTimeout(timer)
    timer = setTimeout(() => giveUp('first_byte_timeout', 'no answer in time'), timeouts.firstByteMs)
  }

  function acceptNoChoice(response: IncomingMessage): void {
    protocol = response.headers['sec-websocket-protocol']
    // An upstream may choose none (RFC 6455 §4.2.2); ws alone insists. What was chosen is remembered here.
    if (protocol === undefined && call.protocols[0] !== undefined)
      response.headers['sec-websocket-protocol'] = call.protocols[0]
  }

  async function readDeclined(_request: ClientRequest, response: IncomingMessage): Promise<void> {
    awaitHead()
    try {
      const body = await readSmall(response)
      const status = response.statusCode ?? 502
      settle({ kind: 'declined', status, fields: withoutFraming(response.rawHeaders), body })
    } catch (error) {
      settle(failed('broken', describe(error)))
    }
    socket.terminate()
  }

  function giveUp(fault: UpstreamFault, detail: string): void {
    settle(failed(fault, detail))
    socket.terminate()
  }

  function settle(outcome: UpstreamSocket): void {
    clearTimeout(timer)
    clientGone.removeEventListener('abort', onClientGone)
    resolve(outcome)
  }
}

function isSecure({ address }: SocketCall): boolean {
  return address.kind === 'origin' && address.origin.startsWith('https:')
}

/** Node's spelling of fields: a name that comes twice has a list of values. */
function fieldRecord(fields: FieldList): Record<string, string[]> {
  const lists = new Map<string, { readonly name: string; readonly values: string[] }>()
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = fields.slice(index, index + 2)
    const known = lists.get(name.toLowerCase())
    if (known === undefined) lists.set(name.toLowerCase(), { name, values: [value] })
    else known.values.push(value)
  }
  return Object.fromEntries([...lists.values()].map(({ name, values }) => [name, values]))
}

/** The body goes on whole, so how it was framed on its way here says nothing any more. */
function withoutFraming(fields: FieldList): FieldList {
  const framing = ['content-length', 'transfer-encoding']
  return fields.filter((_text, index) => !framing.includes((fields[index - (index % 2)] ?? '').toLowerCase()))
}

async function readSmall(response: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    sizeBytes += piece.byteLength
    if (sizeBytes > DECLINED_BODY_MAX_BYTES) return new Uint8Array()
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function failed(fault: UpstreamFault, detail: string): UpstreamSocket {
  return { kind: 'failed', fault, detail }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error ? String(error.code) : error.message
}
