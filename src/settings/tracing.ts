/** How the traces of calls are kept. Where they go, the exporter reads from the same standard variables by itself. */
export interface TracingSettings {
  readonly serviceName: string | undefined
  readonly sampler: TraceSampler
  /** How long a span waits for others, to be sent with them. */
  readonly gatherMs: number
}

export interface TraceSampler {
  /** Whether a call that says that it is traced, or is not, is believed. */
  readonly asksCaller: boolean
  /** Of the others, the share that is kept: 0 to 1. */
  readonly ratio: number
}

/** The standard names (OpenTelemetry specification, "General SDK configuration"). */
const samplers: Readonly<Record<string, (ratio: number) => TraceSampler>> = {
  always_on: () => ({ asksCaller: false, ratio: 1 }),
  always_off: () => ({ asksCaller: false, ratio: 0 }),
  traceidratio: (ratio) => ({ asksCaller: false, ratio }),
  parentbased_always_on: () => ({ asksCaller: true, ratio: 1 }),
  parentbased_always_off: () => ({ asksCaller: true, ratio: 0 }),
  parentbased_traceidratio: (ratio) => ({ asksCaller: true, ratio }),
}

const byDefault = { asksCaller: true, ratio: 1 } as const satisfies TraceSampler

/**
 * What the standard `OTEL_*` variables ask for; undefined where they ask for no traces. They are set for whole fleets: one that
 * means nothing here is passed over, as the specification has it, and stops no start.
 */
export function tracingSettings(
  env: Readonly<Record<string, string | undefined>>,
): TracingSettings | undefined {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint || URL.parse(endpoint) === null) return undefined
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return undefined
  const exporter = env['OTEL_TRACES_EXPORTER'] || 'otlp'
  if (!exporter.split(',').includes('otlp')) return undefined
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL']
  if (protocol === 'grpc') return undefined
  const sampler = samplers[env['OTEL_TRACES_SAMPLER'] ?? '']
  return {
    serviceName: env['OTEL_SERVICE_NAME'] || undefined,
    gatherMs: gatherMsOf(env['OTEL_BSP_SCHEDULE_DELAY']),
    sampler: sampler?.(ratioOf(env['OTEL_TRACES_SAMPLER_ARG'])) ?? byDefault,
  }
}

function gatherMsOf(text: string | undefined): number {
  return /^\d{1,7}$/.test(text ?? '') ? Number(text) : 5000
}

function ratioOf(text: string | undefined): number {
  const ratio = Number(text || '1')
  return ratio >= 0 && ratio <= 1 ? ratio : 1
}
