import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Child, startChild } from './child.ts'
import { cores } from './cores.ts'
import { freePort } from './free-port.ts'
import { postJson, send } from './send.ts'

const projectFolder = resolve(import.meta.dirname, '..')

/** What `npm start` gives to Node: flags, and the entry. */
const startArguments: readonly string[] = JSON.parse(
  readFileSync(join(projectFolder, 'package.json'), 'utf8'),
)
  .scripts.start.split(' ')
  .slice(1)
  .map((argument: string) => (argument.startsWith('-') ? argument : join(projectFolder, argument)))

/** What all that share a database share: a token of one instance is good at the others. */
export const sharedSettings = {
  PUBLIC_URL: 'http://guichet.test',
  GUICHET_SECRET: 'a secret for the bench of more than thirty-two characters',
} as const

export interface Gateway extends Child {
  readonly origin: string
  /** A token that may do everything. */
  readonly adminToken: () => Promise<string>
  /** From the start of the process to its line in the log that says ready. */
  readonly startMs: number
}

export interface GatewayOptions {
  readonly folder: string
  readonly name: string
  /** Not given: the embedded database. */
  readonly databaseUrl?: string
  readonly env?: Readonly<Record<string, string>>
  /** Where the first key of the database is, when another gateway made it. */
  readonly dataDir?: string
}

/** Starts the gateway as production runs it: one process, its log in a file, every limit lifted. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { folder, name, databaseUrl, env, dataDir = join(folder, `${name}-data`) } = options
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const startedAt = Date.now()
  const child = await startChild([process.execPath, ...startArguments], {
    core: cores.measured,
    cwd: folder,
    env: {
      PORT: String(port),
      PUBLIC_URL: sharedSettings.PUBLIC_URL,
      DATA_DIR: dataDir,
      RATE_LIMITS: 'off',
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl, ...sharedSettings }),
      ...env,
    },
    logFile: join(folder, `${name}.log`),
    ready: '"ready"',
  })
  return {
    ...child,
    origin,
    startMs: (await readyAt(child.logFile)) - startedAt,
    adminToken: async () => {
      const key = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim()
      return (await exchange(origin, key)).access
    },
  }
}

export interface Tokens {
  readonly access: string
  readonly refresh: string
}

/** Exchanges a key. @throws Error when it is refused */
export async function exchange(origin: string, apiKey: string): Promise<Tokens> {
  const { status, text } = await send(origin, exchangeCall(apiKey))
  if (status !== 200) throw new Error(`The exchange answered ${status}: ${text}`)
  return JSON.parse(text).data
}

/** The call that exchanges a key. */
export const exchangeCall = (apiKey: string) => postJson('/api/v1/auth/token/', { apiKey })

async function readyAt(logFile: string): Promise<number> {
  const lines = (await readFile(logFile, 'utf8')).split('\n')
  const line = lines.find((text) => text.includes('"ready"'))
  return Date.parse(JSON.parse(line ?? '{}').time)
}
