import { appendFileSync } from 'node:fs'
import { inject } from 'vitest'

export interface Measured {
  readonly id: string
  readonly text: string
}

/** Notes what a run has measured of a row of docs/reliability.md. The text is made of the figures of the run. */
export function measured(id: `F${number}`, text: string): void {
  appendFileSync(inject('measuredFile'), `${JSON.stringify({ id, text } satisfies Measured)}\n`)
}

/** Milliseconds as a page tells them: `340 ms`, `4.2 s`. */
export function tellMs(ms: number): string {
  if (!Number.isFinite(ms)) return 'never'
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
