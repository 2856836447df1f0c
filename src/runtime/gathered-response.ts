import { type IncomingMessage, ServerResponse } from 'node:http'

/** As measured: with more, what the kernel is spared was lost elsewhere in processes that had run for minutes. */
const GATHERED_MAX = 4

/** The answers that are ready to be written, of all servers in this process: they share one event loop. */
const ready: GatheredResponse[] = []
let isDue = false

/**
 * A response that is written together with others, and no later than at the end of this turn of the event loop, or of the
 * next where the turn was about to end. Whoever reads the first of them is then awake for the rest: to wake a reader takes
 * the kernel as long as all that a short call does in the core. What is written before the end goes out at once.
 */
export class GatheredResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  #isReady = false
  #body: string | Uint8Array | undefined

  override end(...ending: unknown[]): this {
    this.writeOut()
    const [body] = ending
    // What ends twice, or in another form, does so as Node has it, and at once.
    if (this.writableEnded || ending.length > 1 || !isBody(body)) return super.end(...(ending as []))
    this.#isReady = true
    this.#body = body
    ready.push(this)
    if (ready.length >= GATHERED_MAX) writeGathered()
    else if (!isDue) {
      isDue = true
      setImmediate(onTurnEnd)
    }
    return this
  }

  override destroy(error?: Error): this {
    this.writeOut()
    return super.destroy(error)
  }

  /** Ends the response for its client, if it is still to be. */
  writeOut(): void {
    if (!this.#isReady) return
    this.#isReady = false
    const body = this.#body
    this.#body = undefined
    super.end(body)
  }
}

/** Writes what has ended. To be called before a connection is cut for a reason that is none of its answer's. */
export function writeGathered(): void {
  // One by one, so that a fault in one of them leaves the others to the next time.
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) next.writeOut()
}

function isBody(value: unknown): value is string | Uint8Array | undefined {
  return value === undefined || typeof value === 'string' || value instanceof Uint8Array
}

function onTurnEnd(): void {
  isDue = false
  writeGathered()
}
