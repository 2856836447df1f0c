import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import type { Settings } from '../../settings/settings.ts'
import { hostInUrl } from '../host-in-url.ts'
import { StartError } from '../start-error.ts'
import { expose } from './exposition.ts'
import { lookedUp, type MetricSources, type Tallies } from './metrics.ts'

export interface MetricsServer {
  readonly url: string
  readonly close: () => Promise<void>
}

/** Serves metrics on a listener of their own: `GET /metrics` and nothing else. @throws StartError */
export async function startMetrics(
  { host, port }: NonNullable<Settings['metrics']>,
  { tallies, sources }: { readonly tallies: Tallies; readonly sources: MetricSources },
): Promise<MetricsServer> {
  // Loaded where it is used: many gateways are watched by nobody.
  const { Registry, collectDefaultMetrics } = await import('prom-client')
  const registry = new Registry()
  // Of the process: CPU, memory, garbage, open files, and the lag of the event loop.
  collectDefaultMetrics({ register: registry })
  for (const metric of [...tallies.metrics, ...lookedUp(sources)]) expose(registry, metric)
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 65_000 },
    (request, response) => void answer(registry, request, response),
  )
  await listening(server, { host, port })
  const { port: at } = server.address() as AddressInfo
  return {
    url: `http://${hostInUrl(host)}:${at}/metrics`,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(registry: Registry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Nobody has anything to say here.
  request.resume()
  if (request.url?.split('?', 1)[0] !== '/metrics') return end(response, 404)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return end(response, 405)
  }
  try {
    const text = await registry.metrics()
    response.setHeader('Content-Type', registry.contentType)
    response.end(text)
  } catch {
    end(response, 500)
  }
}

function end(response: ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}

async function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  try {
    await new Promise<void>((done, failed) => {
      server.once('error', failed)
      server.listen(port, host, done)
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const hint = code === 'EADDRINUSE' ? 'something else is listening there' : code
    throw new StartError(`Metrics cannot listen on ${host}:${port}: ${hint}.`)
  }
}
