import type { Command } from 'commander'
import { hideCredentials } from '../../core/keys/find-credentials.ts'
import { CliError, exitCodes } from './cli-error.ts'
import { examples } from './examples.ts'
import { outputMode, writeError, writeJson, writeLine } from './print.ts'
import { type ScanEvents, scanPath, scanStream } from './scan-files.ts'
import type { Sighting } from './scan-text.ts'

const NOTES = `
Known by form and checksum alone, whatever the prefix and the gateway, so that nothing
is sent anywhere. Of what is found only the prefix and the id are printed.
Binary files and .git/objects are left out: pipe the history, as above.

Exit codes:
  0  nothing found
  1  something found
  2  wrong usage, or nothing found but not all could be read`

const labels = { api_key: 'API key', refresh_token: 'refresh token' } as const

/** `guichet keys scan` */
export function addKeysScan(keys: Command): void {
  keys
    .command('scan')
    .description('find API keys and refresh tokens in files, without a gateway')
    .argument('<path...>', 'files and folders, or - for standard input')
    .addHelpText(
      'after',
      examples(
        'guichet keys scan .',
        'guichet keys scan --json /var/log/app | jq -r .[].id',
        'git log -p --all | guichet keys scan -',
        'git diff --cached | guichet keys scan - || exit 1    # in .git/hooks/pre-commit',
      ),
    )
    .addHelpText('after', NOTES)
    .action(scan)
}

async function scan(paths: readonly string[], _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const rows: ReturnType<typeof rowOf>[] = []
  const counts = { found: 0, skipped: 0, failed: 0 }
  const events: ScanEvents = {
    found(file, sighting) {
      counts.found++
      const row = rowOf(file, sighting)
      if (mode === 'json') rows.push(row)
      else writeLine(`${row.file}:${row.line}:${row.column}: ${labels[row.kind]} ${row.hint}`)
    },
    skipped: () => {
      counts.skipped++
    },
    failed(file, code) {
      counts.failed++
      writeError(`${shown(file)} cannot be read (${code}).`)
    },
  }
  for (const path of paths) {
    if (path === '-') await scanStream('-', process.stdin, events)
    else await scanPath(path, events)
  }
  if (mode === 'json') writeJson(rows)
  if (counts.skipped > 0) writeError(`Not looked into, since they are no text: ${counts.skipped} files.`)
  if (counts.found > 0) process.exitCode = exitCodes.failed
  else if (counts.failed > 0) throw new CliError('Nothing was found in what could be read.', 'usage')
}

function rowOf(file: string, { kind, prefix, id, line, column }: Sighting) {
  const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return {
    file: shown(file),
    line,
    column,
    kind,
    prefix,
    /** A key's id, as `keys revoke` takes it, or a session's, as `sessions end` does. */
    id: kind === 'api_key' ? id : uuid,
    hint: `${prefix}_${id}…`,
  }
}

/** A name is others' text: it may hold a key, or move the cursor. */
function shown(file: string): string {
  return hideCredentials(file).replace(/\p{C}+/gu, ' ')
}
