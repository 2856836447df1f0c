import type { RequestLine } from './gateway-env.ts'
import type { TraceContext } from './trace-context.ts'

/** Keeps the traces of calls, where the operator has somebody who reads them. It neither waits nor throws. */
export interface Traces {
  /** Begins the span of a call, in the trace that the call says it belongs to or in one of its own. */
  readonly begin: (caller: TraceContext | undefined) => CallSpan
}

export interface CallSpan {
  /** What upstreams are told: that they are called from within this span. */
  readonly context: TraceContext
  readonly end: (line: RequestLine) => void
}
