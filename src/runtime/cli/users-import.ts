import type { Command } from 'commander'
import type { ImportFault, ImportPlan } from '../../core/accounts/import-users.ts'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { type OutputMode, outputMode, writeJson, writeLine, writeTable } from './print.ts'

/** `guichet users import` */
export function addUsersImport(users: Command): void {
  users
    .command('import')
    .description(
      'add people with their ids and password hashes (argon2, bcrypt, scrypt) to the database: all of a file or none',
    )
    .argument('<file>', 'a JSON array of objects; docs/users.md has the fields')
    .option('--dry-run', 'only say what would be added')
    .addHelpText(
      'after',
      examples(
        'guichet users import people.json --dry-run',
        'DATABASE_URL=postgres://… guichet users import people.json',
      ),
    )
    .action(importFile)
}

async function importFile(
  file: string,
  { dryRun = false }: { readonly dryRun?: boolean },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  // Loaded when asked for: the database drivers take longer to load than most commands take.
  const { readImportFile } = await import('./import-file.ts')
  const { importOffline } = await import('./import-offline.ts')
  const read = await readImportFile(file)
  const imported = read.ok ? await importOffline(read.value, { dryRun }) : read
  if (imported.ok) {
    writePlan(imported.value, { mode, dryRun })
    return
  }
  const faults = imported.failure
  if (faults.length === 0) {
    throw new CliError(
      'Nothing was imported: others were adding people at the same time. Try again.',
      'failed',
    )
  }
  writeFaults(faults, mode)
  throw new CliError(
    `Nothing was imported: ${new Set(faults.map(({ row }) => row)).size} rows are faulty.`,
    'failed',
  )
}

function writePlan(
  { added, known }: ImportPlan,
  { mode, dryRun }: { readonly mode: OutputMode; readonly dryRun: boolean },
): void {
  if (mode === 'json') {
    writeJson({ dry_run: dryRun, added, known })
    return
  }
  const rows = [
    ...added.map(({ id, email }) => [id, email ?? '', dryRun ? 'would be added' : 'added']),
    ...known.map(({ id, email }) => [id, email ?? '', 'here already']),
  ]
  if (rows.length > 0) writeTable(['ID', 'EMAIL', ''], rows)
  writeLine(`${added.length} ${dryRun ? 'would be added' : 'added'}, ${known.length} here already.`)
}

function writeFaults(faults: readonly ImportFault[], mode: OutputMode): void {
  const told = faults.map(({ row, field, problem }) => ({
    place: field === '' ? `[${row}]` : `[${row}].${field}`,
    problem,
  }))
  if (mode === 'json') writeJson({ faults: told })
  else {
    writeTable(
      ['PLACE', 'PROBLEM'],
      told.map(({ place, problem }) => [place, problem]),
    )
  }
}
