import type { Command } from 'commander'
import { sizeOf } from './backup.ts'
import { examples } from './examples.ts'
import { outputMode, writeError, writeJson, writeLine } from './print.ts'

/** `guichet restore` */
export function addRestore(program: Command): void {
  program
    .command('restore')
    .description('put a backup of this or an older release into an empty database: all of it or nothing')
    .argument('<file>', 'what `guichet backup` wrote')
    .addHelpText(
      'after',
      examples(
        'DATABASE_URL=postgres://… GUICHET_SECRET=… guichet restore guichet.backup',
        'DATA_DIR=./restored GUICHET_SECRET="$(cat secret)" guichet restore guichet.backup',
      ),
    )
    .addHelpText(
      'after',
      '\nGUICHET_SECRET, or DATA_DIR/secret, must be of the installation that was backed up.',
    )
    .action(restore)
}

async function restore(file: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Loaded when asked for: the database drivers take longer to load than most commands take.
  const { restoreFrom } = await import('./restore-from.ts')
  const { kind, header, rows, warnings } = await restoreFrom(file)
  if (mode === 'json') writeJson({ file, restored_to: kind, ...header, rows, warnings })
  else {
    writeLine(
      `Restored to the database (${kind}): ${sizeOf({ header, rows })}, written at ${header.created_at} by ${header.version}.`,
    )
  }
  for (const warning of warnings) writeError(warning)
}
