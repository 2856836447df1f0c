import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Dispatcher } from 'undici'
import type { UpstreamCall, UpstreamOutcome } from '../../http/wire.ts'
import type { NodeExchange } from '../node-wire.ts'
import { fieldList, passableTrailers, readFraming, withoutLength } from './answer-fields.ts'
import { LONG_BYTES } from './read-memory.ts'
import { type BodyEnd, RequestBody } from './request-body.ts'
import { type Fault, faultOf, isLostConnection } from './upstream-fault.ts'
import type { UpstreamPool } from './upstream-pools.ts'

/** `lost` is a connection that was gone before anything happened on it: the call may be made again. */
export type TransferEnd = UpstreamOutcome | ({ readonly kind: 'lost' } & Fault)

export interface TransferStart {
  readonly pool: UpstreamPool
  readonly hasBody: boolean
}

/** One try at a call: the request to the upstream, and its answer written to the client as it comes. */
export class Transfer implements Dispatcher.DispatchHandler {
  readonly #exchange: NodeExchange
  readonly #call: UpstreamCall
  readonly #pool: UpstreamPool
  readonly #end = Promise.withResolvers<TransferEnd>()
  readonly #body: RequestBody | undefined
  #controller: Dispatcher.DispatchController | undefined
  #fault: Fault | undefined
  #wait: NodeJS.Timeout | undefined
  #status: number | undefined
  #hasLength = false
  #answerBegan = false
  #answerEnded = false
  /** True for the moment in which the first piece of the body may turn out to be all of it. */
  #holdsFirst = false
  #first: Buffer | undefined
  #isDraining = false
  #streamIsOver: (() => void) | undefined

  constructor(exchange: NodeExchange, call: UpstreamCall, { pool, hasBody }: TransferStart) {
    this.#exchange = exchange
    this.#call = call
    this.#pool = pool
    const limits = { maxBytes: call.bodyMaxBytes, idleMs: call.timeouts.idleMs, onBreak: this.#onBodyBreak }
    this.#body = hasBody ? new RequestBody(exchange.incoming, limits) : undefined
  }

  run(fields: string[]): Promise<TransferEnd> {
    const { method, target, timeouts } = this.#call
    const { outgoing } = this.#exchange
    outgoing.once('close', this.#onClientClose)
    this.#pool.dispatch(
      {
        path: target,
        method,
        headers: fields,
        body: this.#body ?? null,
        // Exact up to a second, about half a second coarse beyond.
        headersTimeout: timeouts.firstByteMs,
        bodyTimeout: timeouts.idleMs,
      },
      this,
    )
    // Undici does not time the wait for one of its connections, which most calls have by now.
    const waits = this.#controller === undefined && this.#fault === undefined
    if (waits && timeouts.connectMs > 0) this.#wait = setTimeout(this.#onNoConnection, timeouts.connectMs)
    return this.#end.promise
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: thrown, because an abort would close the connection that it now has.
    if (this.#fault !== undefined) throw new Error('given up')
    clearTimeout(this.#wait)
    this.#controller = controller
  }

  onResponseStarted(): void {
    this.#answerBegan = true
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // RFC 9110 §15.2: what an upstream says in between ends here.
    if (status < 200) return
    const { incoming, outgoing } = this.#exchange
    const fields = fieldList((controller.rawHeaders ?? []) as Buffer[])
    const framing = readFraming(fields)
    if (!framing.isReadable) {
      this.#giveUp('broken', 'an unknown transfer coding')
      return
    }
    const answer = this.#call.answerFields(status, fields)
    outgoing.writeHead(status, status === 204 ? withoutLength(answer) : [...answer])
    this.#status = status
    this.#hasLength = framing.hasLength
    if (framing.isEventStream) this.#streamIsOver = this.#call.onStream?.(this.#cut)
    if (incoming.method === 'HEAD') return
    // In one packet with the first piece of the body where that has come along, else without waiting for it.
    this.#holdsFirst = true
    queueMicrotask(this.#letFirstGo)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#holdsFirst && this.#first === undefined) {
      this.#first = chunk
      return
    }
    this.#letFirstGo()
    this.#write(chunk)
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { incoming, outgoing } = this.#exchange
    const trailers = (controller.rawTrailers ?? []) as Buffer[]
    if (trailers.length > 0 && acceptsTrailers(String(incoming.headers.te))) {
      outgoing.addTrailers(passableTrailers(fieldList(trailers)))
    }
    this.#pool.leave()
    this.#answerEnded = true
    this.#holdsFirst = false
    // Where that was all, head and body are one write.
    outgoing.end(this.#first)
    this.#awaitClient()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#pool.leave()
    this.#fault ??= faultOf(error, this.#controller !== undefined)
    if (this.#status !== undefined) {
      this.#cut()
      return
    }
    const nothingHappened = !this.#answerBegan && this.#body?.begun !== true
    const isLost = nothingHappened && isLostConnection(error)
    this.#settle({ kind: isLost ? 'lost' : 'failed', ...this.#fault })
  }

  /** Ends what can no longer be carried on, for a reason of ours. */
  #giveUp(fault: Fault['fault'], detail: string): void {
    if (this.#fault !== undefined || this.#answerEnded) return
    this.#fault = { fault, detail }
    if (this.#controller !== undefined) this.#controller.abort(new Error(detail))
    // Undici still holds the call in its queue, and is told when its turn comes.
    else this.#settle({ kind: 'failed', fault, detail })
  }

  #write(piece: Buffer): void {
    const { outgoing } = this.#exchange
    outgoing.write(piece, (error) => {
      // A write that failed may still be under way.
      if (error === undefined || error === null) this.#pool.written(piece)
    })
    // No sooner: what is in the middle of a read waits in undici, and each rest must let go as much as then comes along.
    if (outgoing.writableLength < LONG_BYTES) return
    this.#controller?.pause()
    this.#awaitClient()
  }

  #settle(end: TransferEnd): void {
    clearTimeout(this.#wait)
    this.#streamIsOver?.()
    this.#exchange.outgoing.off('close', this.#onClientClose).off('drain', this.#onClientDrain)
    this.#end.resolve(end)
  }

  /** Waits until the client has taken what is written, and no longer than between two pieces. */
  #awaitClient(): void {
    if (!this.#isDraining) {
      this.#isDraining = true
      this.#exchange.outgoing.on('drain', this.#onClientDrain)
    }
    const { idleMs } = this.#call.timeouts
    clearTimeout(this.#wait)
    if (idleMs > 0) this.#wait = setTimeout(this.#onClientStalled, idleMs)
  }

  /**
   * A cut and never an end: a client that reads a proper end believes that it has everything (RFC 9112 §8). So for a
   * stream of events too: an EventSource connects again after either, and is then told why it may not.
   */
  readonly #cut = (): void => {
    const { incoming, outgoing } = this.#exchange
    // Where only the close of the connection says that the body is whole, a plain close would say just that.
    const endsByClose = !outgoing.chunkedEncoding && !this.#hasLength
    if (endsByClose) incoming.socket.resetAndDestroy()
    else outgoing.destroy()
  }

  readonly #letFirstGo = (): void => {
    if (!this.#holdsFirst) return
    this.#holdsFirst = false
    const { outgoing } = this.#exchange
    const first = this.#first
    this.#first = undefined
    if (outgoing.destroyed) return
    if (first === undefined) outgoing.flushHeaders()
    else this.#write(first)
  }

  readonly #onNoConnection = (): void =>
    this.#giveUp(this.#pool.isCrowded() ? 'busy' : 'unreachable', 'no connection in time')

  readonly #onClientStalled = (): void => {
    this.#giveUp('idle_timeout', 'the client takes no more of the answer')
    this.#cut()
  }

  readonly #onClientDrain = (): void => {
    clearTimeout(this.#wait)
    if (this.#answerEnded) this.#awaitClient()
    else this.#controller?.resume()
  }

  readonly #onClientClose = (): void => {
    const status = this.#status
    const complete = this.#answerEnded && this.#exchange.outgoing.writableFinished
    if (!complete) this.#giveUp('client_gone', 'the client closed the connection')
    else if (this.#first !== undefined) this.#pool.written(this.#first)
    if (status !== undefined)
      this.#settle({ kind: 'answered', status, response: RESPONSE_ALREADY_SENT, complete })
  }

  readonly #onBodyBreak = (end: BodyEnd): void => {
    const { fault, detail } = bodyFaults[end]
    this.#giveUp(fault, detail)
  }
}

const bodyFaults: Readonly<Record<BodyEnd, Fault>> = {
  too_large: { fault: 'body_too_large', detail: 'counted on the way' },
  client_stalled: { fault: 'idle_timeout', detail: 'the client sends no more of the body' },
  upstream_stalled: { fault: 'first_byte_timeout', detail: 'the upstream takes no more of the body' },
  client_gone: { fault: 'client_gone', detail: 'in the middle of the body' },
}

function acceptsTrailers(te: string): boolean {
  return /(?:^|,)\s*trailers\s*(?:,|$)/i.test(te)
}
