import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { type Core, pinned } from './cores.ts'

// Some peers take a minute to make their keys.
const START_MAX_MS = 300_000
const STOP_MAX_MS = 10_000
const LOOK_EVERY_MS = 10

const running = new Set<ChildProcess>()

let ending = false

// Whatever ends the bench, nothing that it started stays.
process.on('exit', killChildren)

/** Kills every server that runs or starts, and lets none start any more. */
export function killChildren(): void {
  ending = true
  for (const child of running) child.kill('SIGKILL')
}

export interface Child {
  readonly pid: number
  readonly logFile: string
  readonly stop: () => Promise<void>
}

export interface ChildOptions {
  readonly core: Core
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Where its output goes: a file, as in production. */
  readonly logFile: string
  /** Text in its output that says that it is ready; or a question asked again and again until it is true. */
  readonly ready: string | (() => Promise<boolean>)
}

/** Starts a server on its core and waits until it is ready. @throws Error with the end of what it wrote */
export async function startChild(command: readonly string[], options: ChildOptions): Promise<Child> {
  const { core, env, cwd, logFile, ready } = options
  if (ending) throw new Error('The bench is ending.')
  const [program = '', ...args] = pinned(core, command)
  const output = openSync(logFile, 'w')
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const { pid } = child
  if (pid === undefined) throw new Error(`${command[0]} cannot be started`)
  running.add(child)
  const ended = once(child, 'exit').then(() => running.delete(child))
  const isReady =
    typeof ready === 'string' ? async () => readFileSync(logFile, 'utf8').includes(ready) : ready
  const stop = async () => {
    if (!running.has(child)) return
    child.kill('SIGTERM')
    await Promise.race([ended, pause(STOP_MAX_MS, undefined, { ref: false })])
    if (running.has(child)) child.kill('SIGKILL')
    await ended
  }
  for (const lastAt = Date.now() + START_MAX_MS; !(await isReady()); await pause(LOOK_EVERY_MS)) {
    const gone = !running.has(child)
    if (!gone && Date.now() < lastAt) continue
    await stop()
    const said = readFileSync(logFile, 'utf8').trim().slice(-2000)
    throw new Error(`${command.join(' ')} ${gone ? 'ended' : 'did not get ready'}: ${said}`)
  }
  return { pid, logFile, stop }
}

/** Says whether a server answers at all. */
export async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(1000) })).body?.cancel()
    return true
  } catch {
    return false
  }
}
