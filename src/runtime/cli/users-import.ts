import { type Command, Option } from 'commander'
import type { ImportFault, ImportPlan } from '../../core/accounts/imported-user.ts'
import type { Result } from '../../core/result.ts'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import type { ReadFile, Skipped } from './import-file.ts'
import { type OutputMode, outputMode, shortList, writeJson, writeLine, writeTable } from './print.ts'

interface ImportOptions {
  readonly from?: 'supabase'
  readonly identities?: string
  readonly dryRun?: boolean
  readonly skipFaulty?: boolean
}

/** `guichet users import` */
export function addUsersImport(users: Command): void {
  users
    .command('import')
    .description(
      'add people with their ids and password hashes (argon2, bcrypt, scrypt) to the database: all of a file or none',
    )
    .argument('<file>', 'a JSON array of objects; docs/users.md has the fields')
    .addOption(new Option('--from <system>', 'whose export the file is').choices(['supabase']))
    .option('--identities <file>', 'of Supabase: auth.identities, where the users do not hold theirs')
    .option('--skip-faulty', 'leave faulty rows out and add the others')
    .option('--dry-run', 'only say what would be added')
    .addHelpText(
      'after',
      examples(
        'guichet users import people.json --dry-run',
        'guichet users import auth-users.json --from supabase --identities auth-identities.json',
        'DATABASE_URL=postgres://… guichet users import people.json',
      ),
    )
    .action(importFile)
}

async function importFile(file: string, options: ImportOptions, command: Command): Promise<void> {
  const { from, dryRun = false, skipFaulty = false } = options
  const mode = outputMode(command)
  const read = await readFrom(file, options)
  const imported = await importGood(read, { dryRun, skipFaulty })
  if (imported.ok) {
    const skipped = [
      ...[...read.faults, ...imported.value.skipped].map((fault) => placed(fault, from)),
      ...read.skipped,
    ]
    writePlan({ ...imported.value, skipped }, { mode, dryRun })
    return
  }
  const faults = imported.failure
  if (faults.length === 0) {
    throw new CliError(
      'Nothing was imported: others were adding people at the same time. Try again.',
      'failed',
    )
  }
  writeFaults(
    faults.map((fault) => placed(fault, from)),
    mode,
  )
  throw new CliError(
    `Nothing was imported: ${new Set(faults.map(({ row }) => row)).size} rows are faulty.`,
    'failed',
  )
}

// Loaded when asked for: the database drivers take longer to load than most commands take.
async function readFrom(file: string, { from, identities }: ImportOptions): Promise<ReadFile> {
  if (from === 'supabase') {
    const { readSupabaseUsers } = await import('./supabase-users.ts')
    return readSupabaseUsers(file, identities)
  }
  if (identities !== undefined) throw new CliError('--identities goes with --from supabase.', 'usage')
  const { readImportFile } = await import('./import-file.ts')
  return readImportFile(file)
}

async function importGood(
  { users, faults }: ReadFile,
  wish: { readonly dryRun: boolean; readonly skipFaulty: boolean },
): Promise<Result<ImportPlan, readonly ImportFault[]>> {
  if (faults.length > 0 && !wish.skipFaulty) return { ok: false, failure: faults }
  const faulty = new Set(faults.map(({ row }) => row))
  const { importOffline } = await import('./import-offline.ts')
  return importOffline(
    users.filter(({ row }) => !faulty.has(row)),
    wish,
  )
}

type WrittenPlan = Omit<ImportPlan, 'skipped'> & { readonly skipped: readonly Skipped[] }

function writePlan(
  { added, known, skipped }: WrittenPlan,
  { mode, dryRun }: { readonly mode: OutputMode; readonly dryRun: boolean },
): void {
  if (mode === 'json') {
    const names = ({ id, email, signInPhone }: ImportPlan['known'][number]) => ({
      id,
      email: email ?? null,
      phone: signInPhone ?? null,
    })
    const spelled = added.map(({ password, identities, factors, ...user }) => ({
      ...names(user),
      password: password ?? null,
      identities,
      factors,
    }))
    writeJson({ dry_run: dryRun, added: spelled, known: known.map(names), skipped })
    return
  }
  const name = ({ email, signInPhone }: ImportPlan['known'][number]) => email ?? signInPhone ?? ''
  const rows = [
    ...added.map((user) => [
      user.id,
      name(user),
      user.password ?? '-',
      shortList(user.identities),
      String(user.factors),
      dryRun ? 'would be added' : 'added',
    ]),
    ...known.map((user) => [user.id, name(user), '', '', '', 'here already']),
  ]
  if (rows.length > 0) writeTable(['ID', 'EMAIL', 'PASSWORD', 'IDENTITIES', 'FACTORS', ''], rows)
  if (skipped.length > 0) writeFaults(skipped, mode)
  const counts = [`${added.length} ${dryRun ? 'would be added' : 'added'}`, `${known.length} here already`]
  writeLine(`${[...counts, ...(skipped.length > 0 ? [`${skipped.length} left out`] : [])].join(', ')}.`)
}

function writeFaults(faults: readonly Skipped[], mode: OutputMode): void {
  if (mode === 'json') writeJson({ faults })
  else {
    writeTable(
      ['PLACE', 'PROBLEM'],
      faults.map(({ place, problem }) => [place, problem]),
    )
  }
}

/** The columns of Supabase that have another name here. */
const theirNames: Readonly<Record<string, string>> = { password_hash: 'encrypted_password' }

function placed({ row, field, problem }: ImportFault, from: ImportOptions['from']): Skipped {
  const name = from === 'supabase' ? (theirNames[field] ?? field) : field
  return { place: name === '' ? `[${row}]` : `[${row}].${name}`, problem }
}
