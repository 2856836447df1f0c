import { type Command, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { enterGateway, type Gateway } from './gateway.ts'
import { isUuid } from './ids.ts'
import { outputMode, shortTime, writeJson, writeLine, writeTable } from './print.ts'
import { readPassword } from './read-password.ts'
import { addUsersImport } from './users-import.ts'

/** A user, as the gateway spells them. */
interface UserRow {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly state: string
  readonly created_at: string
}

interface NewUserOptions {
  readonly email: string
  readonly admin?: boolean
  readonly role?: string
  readonly username?: string
  readonly name?: string
  readonly surname?: string
  readonly locale?: string
  readonly invite?: boolean
}

const USER = "the user's id or address"

/** `guichet users …` */
export function addUsers(program: Command): void {
  const users = program
    .command('users')
    .description('people who sign in')
    .addHelpText(
      'after',
      examples('guichet users create --email ada@example.com --admin', 'guichet users list'),
    )
  addCreate(users)

  users
    .command('list')
    .description('list all users, oldest first')
    .addHelpText('after', examples('guichet users list', "guichet users list --json | jq -r '.[].email'"))
    .action(listUsers)

  for (const [verb, what] of [
    ['disable', 'stop a user: sessions, tokens and keys that they own, at once'],
    ['enable', 'let a disabled user sign in again'],
  ] as const) {
    users
      .command(verb)
      .description(what)
      .argument('<user>', USER)
      .addHelpText('after', examples(`guichet users ${verb} ada@example.com`))
      .action((user: string, _options: object, command: Command) =>
        change(command, user, (gateway, id) => gateway.call('POST', `/users/${id}/${verb}`)),
      )
  }

  users
    .command('set-role')
    .description('give a user another role')
    .argument('<user>', USER)
    .argument('<role>', 'the name of the role')
    .addHelpText('after', examples('guichet users set-role ada@example.com admin'))
    .action((user: string, role: string, _options: object, command: Command) =>
      change(command, user, (gateway, id) => gateway.call('PATCH', `/users/${id}`, { json: { role } })),
    )
  addUsersImport(users)
}

function addCreate(users: Command): void {
  users
    .command('create')
    .description('create a user; the password is asked for, or read from standard input')
    .requiredOption('--email <address>', 'the address, which you vouch for')
    .option('--admin', 'with the role that may do everything')
    .addOption(new Option('--role <name>', 'the name of the role (user)').conflicts('admin'))
    .option('--username <name>', 'a name to sign in by')
    .option('--name <name>', 'the first name')
    .option('--surname <name>', 'the last name')
    .option('--locale <tag>', 'the language of mails, as fr')
    .option('--invite', 'mail a link by which they set a password themselves; none is asked for')
    .addHelpText(
      'after',
      examples(
        'guichet users create --email ada@example.com --admin',
        'guichet users create --email grace@example.com --role support --invite',
        'guichet users create --email bot@example.com < password.txt',
      ),
    )
    .action(createUser)
}

async function createUser(options: NewUserOptions, command: Command): Promise<void> {
  const mode = outputMode(command)
  const { email, admin, username, name, surname, locale, invite } = options
  const json = { email, username, name, surname, locale, role: admin ? 'admin' : options.role }
  const password = invite ? undefined : await readPassword()
  if (password === '') throw new CliError('Give the password on standard input, or --invite.', 'usage')
  // Not narrowed: nobody can give what they do not hold.
  const gateway = await enterGateway(undefined)
  const user = invite
    ? await gateway.call<UserRow>('POST', '/users/invite', { json })
    : await gateway.call<UserRow>('POST', '/users', { json: { ...json, password, email_confirmed: true } })
  if (mode === 'json') writeJson(user)
  else writeUsers([user])
}

async function listUsers(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const users = await (await enterGateway(['users:read'])).listAll<UserRow>('/users')
  if (mode === 'json') writeJson(users)
  else if (users.length === 0) writeLine('There are no users.')
  else writeUsers(users)
}

/** Changes one user, who is named by id or address, and prints them. @throws CliError */
async function change(
  command: Command,
  idOrEmail: string,
  how: (gateway: Gateway, id: string) => Promise<UserRow>,
): Promise<void> {
  const mode = outputMode(command)
  // Not narrowed: nobody rules over those who may do more.
  const gateway = await enterGateway(undefined)
  const user = await how(gateway, await findUserId(gateway, idOrEmail))
  if (mode === 'json') writeJson(user)
  else writeUsers([user])
}

async function findUserId(gateway: Gateway, idOrEmail: string): Promise<string> {
  if (isUuid(idOrEmail)) return idOrEmail
  const [user] = await gateway.listAll<UserRow>('/users', { email: idOrEmail })
  if (user === undefined) throw new CliError(`There is no user with the address "${idOrEmail}".`, 'failed')
  return user.id
}

function writeUsers(users: readonly UserRow[]): void {
  writeTable(
    ['ID', 'EMAIL', 'ROLE', 'STATE', 'CREATED'],
    users.map(({ id, email, role, state, created_at }) => [id, email, role, state, shortTime(created_at)]),
  )
}
