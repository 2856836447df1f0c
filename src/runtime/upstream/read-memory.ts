import type { OnReadOpts, Socket } from 'node:net'

/** What a connection begins with. Shorter pieces are copied, so that its memory stays its own. */
const SHORT_BYTES = 16 * 1024
/** What it goes on with once pieces are longer, and so the most that comes at once: fewer calls of the kernel. */
export const LONG_BYTES = 256 * 1024
/** Eight mebibytes, for connections to read into again. */
const MAX_SPARES = 32

interface Loan {
  readonly memory: Buffer
  readonly end: number
}

/**
 * The memory that connections to upstreams read into, again and again. Left to itself Node reads each piece into memory
 * of its own, and for every 64 MiB of it V8 goes through its whole heap: half the time that a large answer takes.
 */
export class ReadMemory {
  /** For `net.connect` and `tls.connect`. Node asks for `buffer` at the start, and right after each `callback`. */
  readonly onread: OnReadOpts
  readonly #spares: Buffer[] = []
  /** Pieces that were not copied, until they are given back. One that never is falls to the garbage collector. */
  readonly #loans = new WeakMap<ArrayBufferLike, Loan>()

  constructor() {
    const spares = this.#spares
    const loans = this.#loans
    let next: Buffer | undefined
    this.onread = {
      buffer() {
        const memory = next ?? Buffer.allocUnsafeSlow(SHORT_BYTES)
        next = undefined
        return memory
      },
      // Node calls it as the socket's: `push` is what its own reading does with a piece.
      callback(this: Socket, bytes, memory: Buffer) {
        const piece = memory.subarray(0, bytes)
        const isShort = bytes < SHORT_BYTES
        if (!isShort) loans.set(memory.buffer, { memory, end: bytes })
        const following = isShort ? memory : (spares.pop() ?? Buffer.allocUnsafeSlow(LONG_BYTES))
        const goesOn = this.push(isShort ? Buffer.from(piece) : piece)
        // Only now: whoever is told of the piece may open a connection.
        next = following
        return goesOn
      },
    }
  }

  /**
   * Takes back what a piece was read into, once the piece is written and nobody looks at it any more. It must have been
   * written after all that came before it: then the one at the end of its memory is the last of it.
   */
  giveBack(piece: Buffer): void {
    const loan = this.#loans.get(piece.buffer)
    if (loan?.end !== piece.byteOffset + piece.byteLength) return
    this.#loans.delete(piece.buffer)
    if (loan.memory.byteLength === LONG_BYTES && this.#spares.length < MAX_SPARES)
      this.#spares.push(loan.memory)
  }
}
