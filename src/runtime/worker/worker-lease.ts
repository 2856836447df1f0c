import type { Lease, StreamEnd } from '../../http/wire.ts'

/** How often a stream looks whether it was cut. */
const LOOK_MS = 1000

/**
 * Holds a stream of a Worker to its lease; answers how to say that it is over. Whoever cuts may be another request, and
 * a Worker's request cannot touch the streams of another: the order is left as a note, which the stream's own timer reads.
 */
export function holdStream(
  onStream: Lease | undefined,
  {
    keepHonest,
    onCut,
  }: {
    readonly keepHonest: (() => Promise<void>) | undefined
    readonly onCut: (reason: StreamEnd) => void
  },
): () => void {
  if (onStream === undefined) return () => {}
  let order: StreamEnd | undefined
  let over = false
  let looking = false
  const release = onStream((reason) => {
    order ??= reason
  })
  const timer = setInterval(look, LOOK_MS)
  return end

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    // What it could not find out now it will at the next look; the fault is the hook's to log.
    await keepHonest?.().catch(() => {})
    looking = false
    if (order === undefined || over) return
    onCut(order)
    end()
  }

  function end(): void {
    if (over) return
    over = true
    clearInterval(timer)
    release()
  }
}
