import type { FieldList, UpstreamAddress, UpstreamOutcome } from '../../http/wire.ts'

/** What a Worker's wire is given beside the request. */
export interface WorkerSurroundings {
  readonly peer: string | undefined
  readonly trustedProxies: readonly string[]
  /** Where service bindings are found by name. */
  readonly bindings: Readonly<Record<string, unknown>>
  /**
   * Called every second while a stream is held to its credential, in the context of the stream's own request: the one
   * place where a Worker can look, in the absence of a timer of its own, whether credentials still stand. It paces itself.
   */
  readonly keepStreamsHonest: (() => Promise<void>) | undefined
}

/** Where an address is fetched from: the network, or a service binding of that name; undefined where there is none. */
export function fetcherOf(
  address: UpstreamAddress,
  bindings: Readonly<Record<string, unknown>>,
): typeof fetch | undefined {
  if (address.kind === 'origin') return (input, init) => fetch(input, init)
  const binding = bindings[address.name]
  if (typeof binding !== 'object' || binding === null || !('fetch' in binding)) return undefined
  // Bindings are typed by the configuration, which the compiler does not see.
  const fetcher = binding as Fetcher
  return (input, init) => fetcher.fetch(input as RequestInfo, init)
}

/** The address of a call. A binding needs an origin as well, but nobody resolves it. */
export function urlOf(address: UpstreamAddress, target: string): string {
  return (address.kind === 'origin' ? address.origin : 'http://binding') + target
}

/** Fields as the platform takes them. It sets `Host` itself, from the URL. */
export function headersOf(fields: FieldList): Headers {
  const headers = new Headers()
  for (let index = 0; index + 1 < fields.length; index += 2)
    headers.append(fields[index] ?? '', fields[index + 1] ?? '')
  return headers
}

/**
 * What a rejected fetch means: the platform has one sentence for a refused connection and for one that broke, so the
 * call may have been received, and must not be sent again elsewhere.
 */
export function faultOf(error: unknown): UpstreamOutcome {
  const detail = error instanceof Error ? error.message : 'unknown'
  return { kind: 'failed', fault: 'broken', detail }
}
