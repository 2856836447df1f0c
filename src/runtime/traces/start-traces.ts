import type { Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { RequestLine } from '../../http/gateway-env.ts'
import type { TraceContext } from '../../http/trace-context.ts'
import type { Traces } from '../../http/traces.ts'
import type { TracingSettings } from '../../settings/tracing.ts'

/** What was not sent when the process ends may still be, for so long. */
const FLUSH_MAX_MS = 2000

export interface RunningTraces extends Traces {
  readonly stop: () => Promise<void>
}

/** Sends a span for each call to the operator's collector, over OTLP in JSON; nothing where nobody asked to. */
export async function startTraces(settings: TracingSettings | undefined): Promise<RunningTraces | undefined> {
  if (settings === undefined) return undefined
  // Loaded where they are used: ten packages, which most gateways have no use for.
  const api = await import('@opentelemetry/api')
  const sdk = await import('@opentelemetry/sdk-trace')
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const { asksCaller, ratio } = settings.sampler
  const root = new sdk.TraceIdRatioBasedSampler(ratio)
  const provider = new sdk.TracerProvider({
    sampler: asksCaller ? new sdk.ParentBasedSampler({ root }) : root,
    resource: resourceOf(await import('@opentelemetry/resources'), settings),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        scheduledDelayMillis: settings.gatherMs,
      }),
    ],
  })
  const tracer = provider.getTracer('guichet')
  return {
    begin(caller) {
      const span = startSpan(api, tracer, caller)
      return {
        context: { traceparent: spell(span.spanContext()), tracestate: caller?.tracestate },
        end(line) {
          tell(api, span, line)
          span.end()
        },
      }
    },
    async stop() {
      const late = new Promise<void>((done) => setTimeout(done, FLUSH_MAX_MS).unref())
      // A collector that is away is not the end of the world, and must not hold up the end of this process.
      await Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

/** Who sends: the standard variables' word, and our name where they have none. */
function resourceOf(
  { defaultResource, resourceFromAttributes, detectResources, resourceAttributesEnvDetector }: Resources,
  { serviceName }: TracingSettings,
): Resource {
  const told = detectResources({ detectors: [resourceAttributesEnvDetector] })
  const named = resourceFromAttributes(serviceName === undefined ? {} : { 'service.name': serviceName })
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'guichet' }))
    .merge(told)
    .merge(named)
}

type Resources = typeof import('@opentelemetry/resources')
type Api = typeof import('@opentelemetry/api')

function startSpan(api: Api, tracer: Tracer, caller: TraceContext | undefined): Span {
  const context =
    caller === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, remote(caller))
  return tracer.startSpan('call', { kind: api.SpanKind.SERVER }, context)
}

/** The caller's own word, which has been read as valid: 2 digits of version, 32 of trace, 16 of span, 2 of flags. */
function remote({ traceparent }: TraceContext): SpanContext {
  return {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53, 55), 16),
    isRemote: true,
  }
}

function spell({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`
}

/** What the log tells as well, and by the same names where OpenTelemetry has none: no path, no query and no field. */
function tell(api: Api, span: Span, line: RequestLine): void {
  const { method, route, status, reason, rule, upstream, requestId } = line
  span.updateName(rule === undefined ? `${method} ${route}` : `${method} ${rule}`)
  span.setAttributes({
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'guichet.request_id': requestId,
    ...(rule !== undefined && { 'guichet.rule': rule }),
    ...(upstream !== undefined && { 'guichet.upstream': upstream }),
    ...(reason !== undefined && { 'guichet.reason': reason }),
    ...(status >= 500 && { 'error.type': reason ?? String(status) }),
  })
  if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR })
}
