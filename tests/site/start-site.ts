import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../support/free-port.ts'

const source = resolve(import.meta.dirname, '../../examples/nextauth-site')

/** What the sealed cookie of the site holds. */
export interface SealedSession {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface BuiltSite {
  /** Starts the site in front of a Guichet. */
  readonly start: (guichetUrl: string) => Promise<Site>
  readonly remove: () => Promise<void>
}

export interface Site {
  readonly url: string
  /** All that the process has written so far. */
  readonly output: () => string
  /** Opens the cookie as only the site can. */
  readonly unseal: (cookie: string | undefined) => Promise<SealedSession | null>
  readonly stop: () => Promise<void>
}

/** Installs and builds a copy of the site, as somebody who follows its SETUP.md would. */
export async function buildSite(): Promise<BuiltSite> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-site-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  const left = ['node_modules', '.next', '.env.local']
  try {
    await cp(source, folder, { recursive: true, filter: (path) => !left.includes(basename(path)) })
    await install(folder)
    await promisify(execFile)('npm', ['run', 'build'], { cwd: folder, env: ownEnv() })
  } catch (error) {
    await remove()
    throw error
  }
  return { start: (guichetUrl) => startSite(folder, guichetUrl), remove }
}

/** A download that hangs for a moment is no failed test. */
async function install(folder: string): Promise<void> {
  const options = { cwd: folder, env: ownEnv(), timeout: 90_000, killSignal: 'SIGKILL' } as const
  const npmCi = () => promisify(execFile)('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], options)
  await npmCi().catch(npmCi)
}

async function startSite(folder: string, guichetUrl: string): Promise<Site> {
  // The site has to know its own address before it listens.
  const port = await freePort()
  const url = `http://localhost:${port}`
  const secret = randomBytes(32).toString('base64')
  const child = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '-p', String(port)], {
    cwd: folder,
    env: { ...ownEnv(), GUICHET_URL: guichetUrl, NEXTAUTH_URL: url, NEXTAUTH_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
    })
  }
  await listening(child, () => text)
  const { decode } = createRequire(join(folder, 'package.json'))('next-auth/jwt')
  return {
    url,
    output: () => text,
    unseal: async (cookie) => (cookie === undefined ? null : decode({ token: cookie, secret })),
    async stop() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function listening(child: ChildProcess, output: () => string): Promise<void> {
  const exited = once(child, 'exit').then(() => 'exited' as const)
  while (!output().includes('Ready in')) {
    const next = await Promise.race([once(child.stdout!, 'data'), exited])
    if (next === 'exited') throw new Error(`The site did not start:\n${output()}`)
  }
}

/** As of a shell, with its proxies and certificates; only that the tests run in no mode that Next.js knows. */
function ownEnv(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' }
}
