import { type Command, Option } from 'commander'
import { anonPermission, servicePermission } from '../../core/keys/supabase-key.ts'
import { CliError } from './cli-error.ts'
import type { ClientRow } from './clients.ts'
import { examples } from './examples.ts'
import { parseDuration } from './expiry.ts'
import { enterGateway, type Gateway } from './gateway.ts'
import type { FreshKeyRow, KeyRow } from './key-row.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** The two keys of the Supabase face, by the variables that applications read them from. */
const wantedKeys = [
  { variable: 'SUPABASE_PUBLISHABLE_KEY', client: 'supabase-publishable', permission: anonPermission },
  { variable: 'SUPABASE_SECRET_KEY', client: 'supabase-secret', permission: servicePermission },
] as const
type WantedKey = (typeof wantedKeys)[number]

interface Options {
  readonly rotate?: boolean
  /** In milliseconds; false for `--no-overlap`. */
  readonly overlap?: number | false
}

/** `guichet supabase …` */
export function addSupabase(program: Command): void {
  const supabase = program
    .command('supabase')
    .description('what applications of the Supabase face need')
    .addHelpText('after', examples('guichet supabase keys'))

  supabase
    .command('keys')
    .description('make the publishable and the secret key; they are printed this once, as environment lines')
    .option('--rotate', 'make successors of keys that are there, and let these run out beside them')
    .addOption(
      new Option('--overlap <duration>', 'with --rotate, how long both work: 30m, 12h, 7d (24h)').argParser(
        parseDuration,
      ),
    )
    .option('--no-overlap', 'with --rotate, stop the old ones at once')
    .addHelpText(
      'after',
      examples(
        'guichet supabase keys >> .env',
        'guichet supabase keys --rotate --overlap 7d',
        'guichet supabase keys --json | jq -r .SUPABASE_SECRET_KEY',
      ),
    )
    .action(makeKeys)
}

async function makeKeys({ rotate = false, overlap }: Options, command: Command): Promise<void> {
  // A pipe gets the lines too: they end in a file that the application reads.
  const asked = command.optsWithGlobals<{ json?: boolean }>().json === true
  const mode = asked ? outputMode(command) : 'table'
  if (overlap !== undefined && !rotate) {
    throw new CliError('--overlap and --no-overlap say how to --rotate.', 'usage')
  }
  // Not narrowed: nobody can give what they do not hold.
  const gateway = await enterGateway(undefined)
  const clients = await gateway.listAll<ClientRow>('/clients')
  const made: Record<string, string> = {}
  const known: string[] = []
  try {
    for (const wanted of wantedKeys) {
      const client = clients.find(({ name }) => name === wanted.client) ?? (await addClient(gateway, wanted))
      const living = await livingKeyOf(gateway, client, wanted)
      if (living === undefined) made[wanted.variable] = await addKey(gateway, client)
      else if (rotate) made[wanted.variable] = await succeed(gateway, living, overlap)
      else known.push(`${living.hint} of the client ${client.name}`)
    }
  } finally {
    // Also when the second one failed: what was made is shown nowhere else.
    if (mode === 'json') writeJson(made)
    else for (const [variable, key] of Object.entries(made)) writeLine(`${variable}=${key}`)
  }
  if (known.length === 0) return
  throw new CliError(
    `There is ${known.join(' and ')} already, and no key is shown twice. With --rotate they get successors.`,
    'failed',
  )
}

function addClient(gateway: Gateway, { client: name, permission }: WantedKey): Promise<ClientRow> {
  return gateway.call<ClientRow>('POST', '/clients', { json: { name, permissions: [permission] } })
}

/** The newest key of a client that works and is not on its way out. */
async function livingKeyOf(
  gateway: Gateway,
  client: ClientRow,
  { permission }: WantedKey,
): Promise<KeyRow | undefined> {
  const keys = await gateway.listAll<KeyRow>(`/clients/${client.id}/keys`)
  return keys.findLast(
    ({ state, canary, permissions }) => state === 'active' && !canary && permissions.includes(permission),
  )
}

async function addKey(gateway: Gateway, client: ClientRow): Promise<string> {
  const json = { name: client.name }
  return (await gateway.call<FreshKeyRow>('POST', `/clients/${client.id}/keys`, { json })).api_key
}

async function succeed(gateway: Gateway, { id }: KeyRow, overlap: Options['overlap']): Promise<string> {
  const json = {
    overlap_seconds: typeof overlap === 'number' ? overlap / 1000 : overlap === false ? 0 : undefined,
  }
  return (await gateway.call<FreshKeyRow>('POST', `/keys/${id}/rotate`, { json })).api_key
}
