import type { Command } from 'commander'
import type { BackupSummary } from '../backup/write-backup.ts'
import { examples } from './examples.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** `guichet backup` */
export function addBackup(program: Command): void {
  program
    .command('backup')
    .description('write all data to a file, as it is at one moment, while the gateway runs')
    .argument('<file>', 'where to; - for standard output')
    .addHelpText(
      'after',
      examples(
        'guichet backup guichet.backup',
        'DATABASE_URL=postgres://… GUICHET_SECRET=… guichet backup guichet.backup',
        'guichet backup - | ssh backups.example "cat > guichet.backup"',
      ),
    )
    .addHelpText(
      'after',
      '\nThe file holds personal data. It is of no use without GUICHET_SECRET, which is not in it: keep both, apart.',
    )
    .action(backUp)
}

async function backUp(file: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Loaded when asked for: the database drivers take longer to load than most commands take.
  const { backUpTo } = await import('./back-up.ts')
  const { bytes, ...summary } = await backUpTo(file)
  // Standard output is the backup then.
  if (bytes === undefined) return
  if (mode === 'json') writeJson({ file, bytes, ...summary.header, rows: summary.rows })
  else writeLine(`${file}: ${sizeOf(summary)}, ${bytes} bytes.`)
}

/** How much there is in a backup, in words. */
export function sizeOf({ header, rows }: Pick<BackupSummary, 'header' | 'rows'>): string {
  const counts = Object.values(rows)
  const total = counts.reduce((sum, count) => sum + count, 0)
  return `${total} rows of ${counts.length} tables, as after migration ${header.migration}`
}
