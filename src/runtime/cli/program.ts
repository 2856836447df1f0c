import { Command } from 'commander'
import manifest from '../../../package.json' with { type: 'json' }
import { addAudit } from './audit.ts'
import { addBackup } from './backup.ts'
import { addClients } from './clients.ts'
import { addCompletion } from './completion.ts'
import { addDoctor } from './doctor.ts'
import { examples } from './examples.ts'
import { addExplain } from './explain.ts'
import { addKeys } from './keys.ts'
import { addMigrate } from './migrate.ts'
import { writeError } from './print.ts'
import { addRestore } from './restore.ts'
import { addRoutes } from './routes.ts'
import { addSecret } from './secret.ts'
import { addSessions } from './sessions.ts'
import { addSigningKeys } from './signing-keys.ts'
import { addSupabase } from './supabase.ts'
import { addUsers } from './users.ts'

const ENVIRONMENT = `
Environment (a .env file in this folder counts too):
  GUICHET_URL      where the gateway answers, its BASE_PATH included (http://127.0.0.1:3000)
  GUICHET_API_KEY  the key to act with; without it the one in DATA_DIR/first-key is used
  migrate, backup, restore, doctor, users import and routes try --key open the database themselves, with the
  settings of the server.

Exit codes:
  0  done
  1  refused or failed
  2  wrong usage
  3  the gateway cannot be reached`

/** The whole command tree: one line a noun. */
export function createProgram(): Command {
  // Set before the first subcommand, since a subcommand takes these over when it is made.
  const program = new Command('guichet')
    .description('Look after a Guichet gateway: its clients, its API keys, its database.')
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--json', 'print JSON (the default in a pipe)')
    .option('--no-json', 'print a table')
    .option('--table', 'print a table (the default at a terminal)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text) => writeError(usageError(text)) })
    .exitOverride()
  addClients(program)
  addKeys(program)
  addSessions(program)
  addUsers(program)
  addSigningKeys(program)
  addSupabase(program)
  addAudit(program)
  addExplain(program)
  addRoutes(program)
  addMigrate(program)
  addBackup(program)
  addRestore(program)
  addSecret(program)
  addDoctor(program)
  addCompletion(program)
  return program
    .addHelpText(
      'after',
      examples(
        'guichet clients create billing --permission orders:read',
        'guichet keys create --client billing --name production --expires-in 90d',
        'guichet doctor',
      ),
    )
    .addHelpText('after', ENVIRONMENT)
}

function usageError(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
}
