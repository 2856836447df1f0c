import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { untilListening } from './listening.ts'
import { proxyPath } from './programs.ts'

const recipes = resolve(import.meta.dirname, '../../docs/recipes')

/** How one of the recipes is run. */
export interface ProxyRecipe {
  readonly name: string
  /** The files of docs/recipes that go into its folder. */
  readonly files: readonly string[]
  /** Given its folder, what to run there. */
  readonly command: (folder: string) => readonly [string, ...string[]]
  /** What else its folder needs, before it starts. */
  readonly prepare?: (folder: string) => Promise<void>
  readonly env?: (folder: string) => Readonly<Record<string, string>>
}

export interface RunningProxy {
  readonly name: string
  readonly port: number
  /** What it has written so far. */
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** Starts a proxy with the very files of the recipe: only addresses and the folder are put in their place. */
export async function startProxy(
  recipe: ProxyRecipe,
  texts: Readonly<Record<string, string>>,
): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), `guichet-${recipe.name.replaceAll(' ', '-')}-`))
  await mkdir(join(folder, 'temp'))
  const [port, innerPort] = [await freePort(), await freePort()]
  const places = { ':8000': `:${port}`, ':3001': `:${innerPort}`, '/etc/haproxy': folder, ...texts }
  for (const file of recipe.files) {
    const text = await readFile(join(recipes, file), 'utf8')
    await writeFile(join(folder, file), inPlace(text, places))
  }
  await recipe.prepare?.(folder)
  const [program, ...options] = recipe.command(folder)
  const child = spawn(program, options, {
    cwd: folder,
    env: { PATH: proxyPath, ...recipe.env?.(folder) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const started = await Promise.race([untilListening(port), exited.then(() => false)])
  if (!started) throw new Error(`${recipe.name} did not start:\n${output}`)
  return {
    name: recipe.name,
    port,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        await exited
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function inPlace(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((done, [from, to]) => done.replaceAll(from, to), text)
}
