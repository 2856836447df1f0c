import { resolve } from 'node:path'
import { unstable_startWorker } from 'wrangler'

export interface TestWorker {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** The Worker in a real workerd, as wrangler.toml has it, its Hyperdrive on the given database. */
export async function startTestWorker(
  databaseUrl: string,
  bindings: Readonly<Record<string, string>>,
): Promise<TestWorker> {
  process.env['CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE'] = databaseUrl
  return startWorkerOf(resolve(import.meta.dirname, '../../wrangler.toml'), bindings)
}

/** The Worker of a wrangler.toml, in a real workerd. */
export function startWorkerOf(
  config: string,
  bindings: Readonly<Record<string, string>> = {},
): Promise<TestWorker> {
  return started({
    config,
    bindings: Object.fromEntries(
      Object.entries(bindings).map(([name, value]) => [name, { type: 'plain_text', value }]),
    ),
  })
}

/** A Worker that is nothing but the wire, in a real workerd. */
export function startWireWorker(): Promise<TestWorker> {
  return started({
    name: 'wire',
    entrypoint: resolve(import.meta.dirname, 'wire-worker.ts'),
    compatibilityDate: '2026-10-30',
    compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
  })
}

async function started(input: Parameters<typeof unstable_startWorker>[0]): Promise<TestWorker> {
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'
  process.env['WRANGLER_SEND_METRICS'] = 'false'
  const worker = await unstable_startWorker({
    ...input,
    dev: { server: { port: 0, hostname: '127.0.0.1' }, inspector: false, logLevel: 'warn', persist: false },
  })
  const url = await worker.url
  return { url: url.origin, stop: () => worker.dispose() }
}
