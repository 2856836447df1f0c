import type { Command } from 'commander'
import { examples } from './examples.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** `guichet migrate` */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database up to date, and make the first client in an empty one, as a start would')
    .addHelpText(
      'after',
      examples('guichet migrate', 'DATABASE_URL=postgres://… GUICHET_SECRET=… guichet migrate'),
    )
    .action(migrate)
}

async function migrate(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Loaded when asked for: the database drivers take longer to load than most commands take.
  const { prepareDatabase } = await import('./prepare-database.ts')
  // A key goes to the screen only where a person reads it, whatever the form of the output.
  const interactive = mode === 'table' && process.stdout.isTTY === true
  const { kind, notice } = await prepareDatabase(interactive)
  if (mode === 'json') {
    writeJson({ database: kind, migrated: true, notice: notice?.message ?? null })
    return
  }
  writeLine(`The database (${kind}) is up to date.`)
  if (notice === undefined) return
  writeLine(notice.message)
  if (notice.screen !== undefined) writeLine(notice.screen)
}
