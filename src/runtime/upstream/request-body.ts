import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** Why a body was not carried to its end. */
export type BodyEnd = 'too_large' | 'client_stalled' | 'upstream_stalled' | 'client_gone'

export interface BodyLimits {
  readonly maxBytes: number
  /** The longest wait between two pieces; 0 for none. */
  readonly idleMs: number
  /** Told once, when the body is given up. */
  readonly onBreak: (end: BodyEnd) => void
}

/**
 * The client's body on its way to an upstream: no faster than the upstream takes it, counted, and given up when nothing
 * moves. Its own stream, because undici destroys what it could not send, and with the incoming message would go the
 * connection on which the client is to be answered. Trailers of a request end here (RFC 9110 §6.5.1 lets them be
 * dropped): undici has no way to send them.
 */
export class RequestBody extends Readable {
  readonly #incoming: IncomingMessage
  readonly #limits: BodyLimits
  #idle: NodeJS.Timeout | undefined
  #passedBytes = 0
  #begun = false

  constructor(incoming: IncomingMessage, limits: BodyLimits) {
    super()
    this.#incoming = incoming
    this.#limits = limits
  }

  /** True from the moment that the upstream was ready for the body: it cannot be sent a second time. */
  get begun(): boolean {
    return this.#begun
  }

  override _read(): void {
    if (!this.#begun) this.#begin()
    this.#idle?.refresh()
    this.#incoming.resume()
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#letGo()
    callback(error)
  }

  #begin(): void {
    this.#begun = true
    const incoming = this.#incoming
    if (incoming.destroyed && !incoming.readableEnded) {
      this.#onGone()
      return
    }
    incoming.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onGone)
    // For good: Node counts the listeners, and throws a tick later if the last has gone in between. The close tells all.
    incoming.on('error', ignore)
    if (this.#limits.idleMs > 0) this.#idle = setTimeout(this.#onIdle, this.#limits.idleMs)
  }

  #letGo(): void {
    clearTimeout(this.#idle)
    if (!this.#begun) return
    this.#incoming.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onGone).pause()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#passedBytes += chunk.byteLength
    if (this.#passedBytes > this.#limits.maxBytes) {
      this.#break('too_large')
      return
    }
    this.#idle?.refresh()
    if (!this.push(chunk)) this.#incoming.pause()
  }

  readonly #onEnd = (): void => {
    this.#letGo()
    this.push(null)
  }

  readonly #onGone = (): void => this.#break('client_gone')

  readonly #onIdle = (): void =>
    this.#break(this.#incoming.isPaused() ? 'upstream_stalled' : 'client_stalled')

  #break(end: BodyEnd): void {
    this.#letGo()
    this.#limits.onBreak(end)
  }
}

function ignore(): void {}
