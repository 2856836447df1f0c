import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inject } from 'vitest'

export const testSecret = 'a test secret of more than thirty-two characters'
const projectFolder = resolve(import.meta.dirname, '../..')

export interface GatewayProcess {
  readonly url: string
  readonly dataDir: string
  readonly child: ChildProcess
  /** All that the process has written so far. */
  readonly output: () => string
  /** The request lines of the log so far. */
  readonly requestLines: () => readonly Record<string, unknown>[]
  /** The key that the first start wrote to a file. */
  readonly firstKey: () => Promise<string>
  /** Sends a signal and answers the exit code, or the signal's name when it killed. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | NodeJS.Signals>
  /** Stops and removes the data. */
  readonly remove: () => Promise<void>
}

export interface ProcessOptions {
  readonly dataDir?: string
  /** The words of a command that runs the gateway in its own place, as `prlimit` does. */
  readonly under?: readonly string[]
}

/** Starts the gateway as `npm start` does, in a process of its own, and waits until it is ready. */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>> = {},
  options: ProcessOptions = {},
): Promise<GatewayProcess> {
  const { child, output, dataDir } = await spawnGateway(env, options)
  // Not at its exit: what it wrote last may not have been read by then.
  const exited = once(child, 'close')
  const ready = await Promise.race([waitForLine(child, output, '"ready"'), exited.then(() => false)])
  if (!ready) throw new Error(`The gateway did not start:\n${output()}`)
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    const [code, killedBy] = await exited
    return code ?? killedBy
  }
  return {
    url: lines(output()).find((line) => line['msg'] === 'ready')?.['listening'] as string,
    dataDir,
    child,
    output,
    requestLines: () => lines(output()).filter((line) => line['msg'] === 'request'),
    firstKey: async () => (await readFile(join(dataDir, 'first-key'), 'utf8')).trim(),
    stop,
    async remove() {
      if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Starts the gateway and waits for its end: for starts that are meant to fail. */
export async function runGatewayToItsEnd(
  env: Readonly<Record<string, string>>,
  options: ProcessOptions = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { child, output } = await spawnGateway(env, options)
  const [code] = await once(child, 'close')
  return { code, output: output() }
}

async function spawnGateway(env: Readonly<Record<string, string>>, options: ProcessOptions) {
  const dataDir = options.dataDir ?? (await makeDataDir(env))
  const [program, ...words] = [...(options.under ?? []), process.execPath, 'src/runtime/node.ts'] as const
  const child = spawn(program, words, {
    cwd: projectFolder,
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  return { child, dataDir, output: () => text }
}

/** A folder as a first start leaves it before it makes the first key: the tables of an embedded database take seconds to make. */
async function makeDataDir({ DATABASE_URL }: Readonly<Record<string, string>>): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-data-'))
  if (DATABASE_URL === undefined) await cp(inject('embeddedTemplate'), dataDir, { recursive: true })
  return dataDir
}

async function waitForLine(child: ChildProcess, output: () => string, part: string): Promise<boolean> {
  while (!output().includes(part)) {
    if (child.stdout === null) return false
    await once(child.stdout, 'data')
  }
  return true
}

function lines(text: string): readonly Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
}
