import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readArguments } from './arguments.ts'

try {
  const wanted = readArguments(process.argv.slice(2))
  installPeers()
  // After the install: it imports what was installed.
  const { runBench } = await import('./run.ts')
  await runBench(wanted)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`)
  process.exitCode = 1
}
// A keep-alive connection somewhere may not hold the end up.
process.exit()

/** The peers are no part of the product, and are installed when somebody wants to be measured against them. */
function installPeers(): void {
  if (existsSync(join(import.meta.dirname, 'node_modules/.package-lock.json'))) return
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('The peers could not be installed.')
}
