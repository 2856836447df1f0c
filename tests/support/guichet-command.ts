import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export interface Ending {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What was printed, when it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a command prints
  readonly json: any
}

export type Env = Readonly<Record<string, string>>

export interface GuichetCommand {
  /** Runs the command line in a process of its own, its arguments parted by blanks, with `input` on its stdin. */
  readonly run: (args: string, env?: Env, input?: string | Uint8Array) => Promise<Ending>
  /** Where it runs: neither a .env file nor a developer's data is there. */
  readonly folder: string
  /** All that any run wrote to stderr so far. */
  readonly complaints: () => string
  readonly remove: () => Promise<void>
}

const cli = resolve(import.meta.dirname, '../../src/runtime/cli.ts')

/** The command line as users have it, with `defaults` in its environment. */
export async function guichetCommand(defaults: () => Env = () => ({})): Promise<GuichetCommand> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-cli-'))
  let complaints = ''
  return {
    folder,
    complaints: () => complaints,
    remove: () => rm(folder, { recursive: true, force: true }),
    run(args, env = {}, input = '') {
      const ours = {
        PATH: process.env['PATH'],
        // Many starts of one program: only the first need compile it.
        NODE_COMPILE_CACHE: join(folder, 'compiled'),
      }
      const options = { cwd: folder, env: { ...ours, ...defaults(), ...env } }
      return new Promise((done) => {
        const child = execFile(
          process.execPath,
          [cli, ...args.split(' ')],
          options,
          (error, stdout, stderr) => {
            complaints += stderr
            done({ code: Number(error?.code ?? 0), stdout, stderr, json: parsed(stdout) })
          },
        )
        // Most commands end without reading it.
        child.stdin?.on('error', () => {})
        child.stdin?.end(input)
      })
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
