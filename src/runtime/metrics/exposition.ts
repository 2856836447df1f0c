import type { Metric, Registry } from 'prom-client'

/** One number of a metric. */
export interface Sample {
  /** Where it is another than the metric's, as those of a histogram are. */
  readonly name?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric whose numbers are asked for at each scrape, and are kept by whoever counts. */
export interface Exposed {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>
}

/** Adds a metric to a registry. What cannot be read is left out: one that fails must not take the others with it. */
export function expose(registry: Registry, { name, help, type, read }: Exposed): void {
  const metric = {
    name,
    help,
    type,
    async get() {
      const samples = await Promise.try(read).catch((): readonly Sample[] => [])
      const values = samples.map(({ name: of, labels, value }) => ({ metricName: of ?? name, labels, value }))
      return { name, help, type, values, aggregator: 'sum' }
    },
    reset() {},
  }
  // All that a registry asks of a metric; the library's own classes also count, which is done elsewhere here.
  registry.registerMetric(metric as unknown as Metric)
}

/** The one sample of a metric that has no labels; none where there is nothing to tell. */
export function alone(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }]
}
