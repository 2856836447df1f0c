/** version, trace, parent, flags; only versions to come may have more behind (W3C Trace Context §3.2). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/

/** What a text of any length may cost. */
const MAX_LENGTH = 512

/** Where a call stands in a trace: two fields by their names. */
export interface TraceContext {
  readonly traceparent: string
  readonly tracestate: string | undefined
}

export const traceNames: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])

/**
 * The trace that a call says it belongs to; undefined where it says none, or none that can be read: such a one, and what
 * came with it, must go no further (W3C Trace Context §3.2.2, §4.3).
 */
export function parseTraceContext(
  traceparent: string | undefined,
  tracestate: string | undefined,
): TraceContext | undefined {
  if (traceparent === undefined || !isTraceparent(traceparent)) return undefined
  return { traceparent, tracestate: tracestate === '' ? undefined : tracestate }
}

function isTraceparent(text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  const [, version, trace = '', parent = '', more] = TRACEPARENT.exec(text) ?? []
  if (version === undefined || version === 'ff') return false
  if (version === '00' && more !== undefined) return false
  return !/^0+$/.test(trace) && !/^0+$/.test(parent)
}
