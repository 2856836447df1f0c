import type { Command } from 'commander'
import { clientOption, findClientId } from './clients.ts'
import { examples } from './examples.ts'
import { enterGateway } from './gateway.ts'
import { addKeyLife } from './key-life.ts'
import { idempotencyKeyOption, type KeyOptions, keyFields, keyOptions } from './key-options.ts'
import { type FreshKeyRow, type KeyRow, writeFreshKey, writeKeys } from './key-row.ts'
import { addKeysRules } from './keys-rules.ts'
import { addKeysScan } from './keys-scan.ts'
import { permissionOption } from './permission-option.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

interface NewKeyOptions extends KeyOptions {
  readonly client: string
  readonly name: string
  readonly canary?: boolean
  readonly idempotencyKey?: string
}

/** `guichet keys …` */
export function addKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('API keys, which clients exchange for tokens')
    .addHelpText('after', examples('guichet keys list --client billing', 'guichet keys revoke 4fTz0QpLw8Xc'))
  addCreate(keys)
  keys
    .command('list')
    .description("list all of a client's keys, oldest first; never the keys themselves")
    .addOption(clientOption().makeOptionMandatory())
    .addHelpText(
      'after',
      examples(
        'guichet keys list --client billing',
        'guichet keys list --client billing --json | jq -r \'.[] | select(.state == "active").id\'',
      ),
    )
    .action(listKeys)
  addKeyLife(keys)
  addKeysScan(keys)
  addKeysRules(keys)
}

function addCreate(keys: Command): void {
  const create = keys
    .command('create')
    .description('create an API key; it is printed this once')
    .addOption(clientOption().makeOptionMandatory())
    .requiredOption('--name <name>', 'what to call the key')
    .addOption(permissionOption('what it may do (all that its client may)'))
  for (const option of keyOptions()) create.addOption(option)
  create
    .option('--canary', 'a bait: it never works, and whoever shows it raises an alarm')
    .addOption(idempotencyKeyOption())
    .addHelpText(
      'after',
      examples(
        'guichet keys create --client billing --name production --expires-in 90d',
        'guichet keys create --client billing --name ci --permission orders:read --rate-limit 100/60s',
        'guichet keys create --client billing --name office --allow-cidr 192.0.2.0/24 --quota 10000',
        'guichet keys create --client billing --name bait --canary',
        'guichet keys create --client billing --name ci --expires-at 2030-01-01T00:00:00Z --json | jq -r .api_key',
      ),
    )
    .action(createKey)
}

async function createKey(options: NewKeyOptions, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Not narrowed: nobody can give what they do not hold.
  const gateway = await enterGateway(undefined)
  const clientId = await findClientId(gateway, options.client)
  const json = { name: options.name, ...keyFields(options), canary: options.canary }
  const { idempotencyKey } = options
  const key = await gateway.call<FreshKeyRow>('POST', `/clients/${clientId}/keys`, { json, idempotencyKey })
  writeFreshKey(key, mode)
}

async function listKeys({ client }: { readonly client: string }, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['keys:read'])
  const keys = await gateway.listAll<KeyRow>(`/clients/${await findClientId(gateway, client)}/keys`)
  if (mode === 'json') writeJson(keys)
  else if (keys.length === 0) writeLine('This client has no keys.')
  else writeKeys(keys)
}
