import type { UpstreamFault } from '../../http/wire.ts'

/** What went wrong with a call, and the words for the log. */
export interface Fault {
  readonly fault: UpstreamFault
  readonly detail: string
}

/** Names what undici or the socket reported. A call that had no connection yet never reached the upstream. */
export function faultOf(error: Error, wasConnected: boolean): Fault {
  const code = codeOf(error)
  // The message of an error of the parser or of TLS may quote what the upstream sent.
  const detail = code ?? error.name
  if (!wasConnected) return { fault: 'unreachable', detail }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return { fault: 'first_byte_timeout', detail }
  if (code === 'UND_ERR_BODY_TIMEOUT') return { fault: 'idle_timeout', detail }
  return { fault: 'broken', detail }
}

const lostConnections: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
])

/** True for a connection that was refused or closed under us, as one that was kept alive too long is. */
export function isLostConnection(error: Error): boolean {
  return lostConnections.has(codeOf(error))
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
