import { styleText } from 'node:util'
import type { Command } from 'commander'
import type { Check } from './checks/check.ts'
import { exitCodes } from './cli-error.ts'
import { examples } from './examples.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** `guichet doctor` */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'check settings, routes, mail, disk, database, clock, keys and feed, and say what to do; changes nothing',
    )
    .addHelpText('after', examples('guichet doctor', 'guichet doctor --table | tee doctor.txt'))
    .addHelpText('after', '\nExits with 1 when a check fails; a warning is no failure.')
    .action(examine)
}

async function examine(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Loaded when asked for: the database drivers take longer to load than most commands take.
  const { runChecks } = await import('./checks/run-checks.ts')
  const checks = await runChecks()
  const healthy = checks.every(({ status }) => status !== 'fail')
  if (mode === 'json') writeJson({ healthy, checks })
  else for (const check of checks) writeLine(spell(check))
  if (!healthy) process.exitCode = exitCodes.failed
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const

function spell({ status, check, finding, remedy }: Check): string {
  const mark = styleText(colours[status], status.padEnd(4))
  const line = `${mark}  ${check.padEnd(12)}  ${finding}`
  return (remedy === undefined ? line : `${line} ${remedy}`).replace(/\s*\n\s*/g, ' ')
}
