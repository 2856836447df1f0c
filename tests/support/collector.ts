import { createServer } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { listenSomewhere } from './listen-somewhere.ts'

export interface SeenSpan {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: number | undefined
  readonly service: unknown
}

export interface Collector {
  readonly url: string
  readonly spans: SeenSpan[]
  /** All that was posted, as text. */
  readonly posted: () => string
  readonly paths: ReadonlySet<string>
  readonly close: () => Promise<void>
}

type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]

interface Posted {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string
        readonly kind: number
        readonly traceId: string
        readonly spanId: string
        readonly parentSpanId?: string
        readonly attributes: Attributes
        readonly status?: { readonly code?: number }
      }[]
    }[]
  }[]
}

/** Takes traces as a collector does: OTLP over HTTP, in JSON. */
export async function startCollector(): Promise<Collector> {
  const spans: SeenSpan[] = []
  const paths = new Set<string>()
  let text = ''
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`)
    text += body
    for (const { resource, scopeSpans } of (JSON.parse(body) as Posted).resourceSpans) {
      const service = valuesOf(resource.attributes)['service.name']
      for (const { name, kind, traceId, spanId, parentSpanId, attributes, status } of scopeSpans.flatMap(
        (scope) => scope.spans,
      )) {
        const parent = parentSpanId === '' ? undefined : parentSpanId
        const seen = { name, kind, traceId, spanId, parentSpanId: parent, status: status?.code, service }
        spans.push({ ...seen, attributes: valuesOf(attributes) })
      }
    }
    response.setHeader('Content-Type', 'application/json')
    response.end('{}')
  })
  const { port, close } = await listenSomewhere(server)
  return { url: `http://127.0.0.1:${port}`, spans, posted: () => text, paths, close }
}

function valuesOf(attributes: Attributes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
