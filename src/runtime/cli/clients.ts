import { type Command, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { enterGateway, type Gateway } from './gateway.ts'
import { isUuid } from './ids.ts'
import { permissionOption } from './permission-option.ts'
import { outputMode, shortList, shortTime, writeJson, writeLine, writeTable } from './print.ts'

/** A client, as the gateway spells it. */
export interface ClientRow {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly created_at: string
  readonly disabled_at: string | null
}

/** `guichet clients …` */
export function addClients(program: Command): void {
  const clients = program
    .command('clients')
    .description('service accounts, who own API keys')
    .addHelpText('after', examples('guichet clients list', 'guichet clients create billing'))

  clients
    .command('create')
    .description('create a client')
    .argument('<name>', 'what to call it; no other client may have this name')
    .addOption(permissionOption('what its keys may do at most'))
    .addHelpText(
      'after',
      examples(
        'guichet clients create billing --permission orders:read --permission invoices:*',
        'guichet clients create reports --json | jq -r .id',
      ),
    )
    .action(createClient)

  clients
    .command('list')
    .description('list all clients, oldest first')
    .addHelpText('after', examples('guichet clients list', "guichet clients list --json | jq -r '.[].name'"))
    .action(listClients)

  clients
    .command('cut-off')
    .description("end all of a client's sessions and tokens; its keys stay good for new ones")
    .argument('<client>', "the client's id or name")
    .addHelpText('after', examples('guichet clients cut-off billing'))
    .action(cutOffClient)
}

/** `--client` */
export function clientOption(): Option {
  return new Option('--client <client>', "the client's id or name")
}

/** What looks like an id is one, and costs no call; a name is looked up, in whatever case. @throws CliError */
export async function findClientId(gateway: Gateway, idOrName: string): Promise<string> {
  if (isUuid(idOrName)) return idOrName
  const wanted = idOrName.trim().toLowerCase()
  const client = (await allClients(gateway)).find(({ name }) => name.toLowerCase() === wanted)
  if (client === undefined) throw new CliError(`There is no client with the name "${idOrName}".`, 'failed')
  return client.id
}

function allClients(gateway: Gateway): Promise<readonly ClientRow[]> {
  return gateway.listAll<ClientRow>('/clients')
}

async function createClient(
  name: string,
  { permission = [] }: { readonly permission?: readonly string[] },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  // Not narrowed: nobody can give what they do not hold.
  const gateway = await enterGateway(undefined)
  const client = await gateway.call<ClientRow>('POST', '/clients', {
    json: { name, permissions: permission },
  })
  if (mode === 'json') writeJson(client)
  else writeClients([client])
}

async function listClients(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const clients = await allClients(await enterGateway(['keys:read']))
  if (mode === 'json') writeJson(clients)
  else if (clients.length === 0) writeLine('There are no clients.')
  else writeClients(clients)
}

async function cutOffClient(idOrName: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(isUuid(idOrName) ? ['keys:write'] : ['keys:read', 'keys:write'])
  const client = await gateway.call<ClientRow>(
    'POST',
    `/clients/${await findClientId(gateway, idOrName)}/cut-off`,
  )
  if (mode === 'json') writeJson(client)
  else writeLine(`All sessions and tokens of ${client.name} from before now are over.`)
}

function writeClients(clients: readonly ClientRow[]): void {
  writeTable(
    ['ID', 'NAME', 'STATE', 'PERMISSIONS', 'CREATED'],
    clients.map((client) => [
      client.id,
      client.name,
      client.disabled_at === null ? 'active' : 'disabled',
      shortList(client.permissions),
      shortTime(client.created_at),
    ]),
  )
}
