import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../../support/running-gateway.ts'
import { type Scrape, scrape } from '../../support/scrape.ts'

const root = resolve(import.meta.dirname, '../../..')
const text = (file: string) => readFileSync(join(root, file), 'utf8')

interface AlertFile {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly labels: Readonly<Record<string, string>>
      readonly annotations: Readonly<Record<string, string>>
    }[]
  }[]
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
  }[]
}

const alerts = (parse(text('deploy/prometheus/alerts.yaml')) as AlertFile).groups.flatMap(
  ({ rules }) => rules,
)
const dashboard = JSON.parse(text('deploy/grafana/guichet.json')) as Dashboard
const targets = dashboard.panels.flatMap(({ targets = [] }) => targets)

/** Added by Prometheus itself, to what it scrapes. */
const prometheusOwn = new Set(['up', 'job', 'instance'])

let upstream: RecordingUpstream
let server: TestServer
let seen: Scrape

beforeAll(async () => {
  upstream = await startRecordingUpstream()
  server = await startTestServer({
    METRICS_PORT: '0',
    ROUTES: JSON.stringify({
      upstreams: { shop: upstream.url },
      routes: [
        { name: 'shadowed', path: '/shadow/*', upstream: 'shop', permissions: ['none:such'], mode: 'shadow' },
        { name: 'orders', path: '/orders/*', upstream: 'shop' },
      ],
    }),
  })
  const token = await server.token()
  for (const path of ['/api/v1/me', '/orders/1', '/shadow/1']) await server.call('GET', path, { token })
  for (const path of ['/shadow/1', '/orders/1']) await server.call('GET', path)
  seen = await scrape(server.lines.find(({ msg }) => msg === 'ready')?.['metrics'] as string)
})

afterAll(async () => {
  await server?.remove()
  await upstream?.close()
})

/** The metrics of an expression, each with the labels that it is asked for. */
function asked(expr: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b((?:guichet|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, name = '', selector = '']) => ({
      name,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    }),
  )
}

/** What an expression asks for and no scrape has. */
function strangers(expr: string): readonly string[] {
  return asked(expr).flatMap(({ name, labels }) => {
    if (prometheusOwn.has(name)) return []
    if (!seen.names.has(name)) return [name]
    const series = [...seen.samples.keys()].filter((of) => of.startsWith(`${name}{`) || of === name)
    return labels
      .filter((label) => !prometheusOwn.has(label) && !series.some((of) => of.includes(`${label}="`)))
      .map((label) => `${name}{${label}}`)
  })
}

describe('the alerts', () => {
  it('ask for what a running gateway tells, by labels that it has', () => {
    expect(alerts.map(({ alert, expr }) => [alert, strangers(expr)])).toEqual(
      alerts.map(({ alert }) => [alert, []]),
    )
    expect(alerts.filter(({ expr }) => asked(expr).length === 0)).toEqual([])
  })

  it('have each a name of their own, a severity, and what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { labels, annotations } of alerts) {
      expect(['page', 'ticket']).toContain(labels['severity'])
      expect(Object.keys(annotations)).toEqual(['summary', 'action'])
    }
  })

  it('name reasons that there are', () => {
    const failures = ['src/core/failure.ts', 'src/http/refusal.ts'].map(text).join('')
    const named = alerts.flatMap(({ expr }) =>
      [...expr.matchAll(/reason=~?"([^"]+)"/g)].flatMap(([, reasons = '']) => reasons.split('|')),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((reason) => !failures.includes(`'${reason}'`))).toEqual([])
  })
})

describe('the dashboard', () => {
  it('asks for what a running gateway tells, by labels that it has', () => {
    expect(targets.flatMap(({ expr }) => strangers(expr))).toEqual([])
    expect(targets.length).toBeGreaterThan(30)
  })

  it('shows every metric of the gateway', () => {
    const shown = targets.flatMap(({ expr }) => asked(expr).map(({ name }) => name))
    const own = [...seen.names].filter((name) => name.startsWith('guichet_'))
    const parts = /_(?:sum|count)$/
    expect(own.filter((name) => !parts.test(name) && !shown.includes(name))).toEqual([])
  })

  it('has an id of its own for each panel', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})

describe('the page of metrics', () => {
  const typed = () =>
    [...seen.text.matchAll(/^# TYPE (guichet_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type])

  it('has one row for each metric, with its kind, and for nothing else', () => {
    const rows = [...text('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, kind]) => [
      name,
      kind,
    ])
    expect(rows.toSorted()).toEqual(typed().toSorted())
  })

  it('names the labels of each', () => {
    const rows = text('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.+?) \|/gm)
    for (const [, name = '', kind, labels = ''] of rows) {
      const sample = [...seen.samples.keys()].find((of) =>
        of.startsWith(kind === 'histogram' ? `${name}_sum` : name),
      )
      const has = [...(sample ?? '').matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``)
      expect([name, has.toSorted().join(', ') || '–']).toEqual([
        name,
        labels.split(', ').toSorted().join(', '),
      ])
    }
  })
})
