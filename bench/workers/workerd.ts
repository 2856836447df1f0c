import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Child, startChild } from '../child.ts'
import { cores } from '../cores.ts'
import { freePort } from '../free-port.ts'
import { readCompatibility, workerdConfig } from './workerd-config.ts'

export interface Workerd extends Child {
  readonly origin: string
}

export interface WorkerdOptions {
  readonly folder: string
  readonly databaseUrl: string
  readonly settings: Readonly<Record<string, string>>
}

const root = resolve(import.meta.dirname, '../..')
const workerd = join(root, 'node_modules/workerd/bin/workerd')
const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js')
const BUNDLE_MAX_MS = 120_000

/**
 * Starts the bundle that `npm run deploy` would upload, in a workerd with nothing else in it. `wrangler dev` would put
 * Workers of its own before ours, and their CPU time would be counted too.
 */
export async function startWorkerd({ folder, databaseUrl, settings }: WorkerdOptions): Promise<Workerd> {
  const home = join(folder, 'worker')
  await mkdir(home)
  await bundleInto(home)
  const wasmNames = (await readdir(home)).filter((name) => name.endsWith('.wasm'))
  const port = await freePort()
  const compatibility = readCompatibility(await readFile(join(root, 'wrangler.toml'), 'utf8'))
  const config = join(home, 'workerd.capnp')
  await writeFile(config, workerdConfig({ port, wasmNames, databaseUrl, settings, ...compatibility }))
  const child = await startChild([workerd, 'serve', config], {
    core: cores.measured,
    logFile: join(folder, 'workerd.log'),
    // Not asked by HTTP: the first call of an isolate is counted.
    ready: () => listens(port),
  })
  return { ...child, origin: `http://127.0.0.1:${port}` }
}

async function bundleInto(home: string): Promise<void> {
  await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', `--outdir=${home}`], {
    cwd: root,
    timeout: BUNDLE_MAX_MS,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false' },
  })
}

function listens(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      tell(true)
    })
    socket.once('error', () => tell(false))
  })
}
