import { call } from './call.ts'

export interface Scrape {
  readonly text: string
  /** Every sample with its labels, as `name{a="b"}`, and its value. */
  readonly samples: ReadonlyMap<string, number>
  /** The names of all samples, without labels. */
  readonly names: ReadonlySet<string>
  /** The value of the one sample of this name whose labels have all of these; undefined for none. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => number | undefined
}

/** Asks a metrics listener, and reads what it says as Prometheus does. */
export async function scrape(url: string): Promise<Scrape> {
  const { status, text } = await call('GET', url)
  if (status !== 200) throw new Error(`No metrics: ${status}`)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const samples = new Map<string, number>()
  for (const line of lines) {
    const [, series, value] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
    if (series === undefined) throw new Error(`Not a sample: ${line}`)
    if (samples.has(series)) throw new Error(`Twice: ${line}`)
    samples.set(series, Number(value))
  }
  return {
    text,
    samples,
    names: new Set([...samples.keys()].map((series) => series.replace(/\{.*$/, ''))),
    value(name, labels = {}) {
      const wanted = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
      const found = [...samples].filter(
        ([series]) => series.replace(/\{.*$/, '') === name && wanted.every((label) => series.includes(label)),
      )
      if (found.length > 1) throw new Error(`${name} has ${found.length} such samples`)
      return found[0]?.[1]
    },
  }
}
