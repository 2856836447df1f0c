import { type Command, Option } from 'commander'
import { clientOption, findClientId } from './clients.ts'
import { examples } from './examples.ts'
import { enterGateway } from './gateway.ts'
import { isUuid, parseKeyId, parseUuid } from './ids.ts'
import { outputMode, shortTime, writeJson, writeLine, writeTable } from './print.ts'

/** A session, as the gateway spells it. */
interface SessionRow {
  readonly id: string
  readonly client_id: string
  readonly key_id: string
  readonly created_at: string
  readonly last_used_at: string
  readonly expires_at: string
  readonly revoked_at: string | null
}

/** `guichet sessions …` and `guichet tokens …` */
export function addSessions(program: Command): void {
  const sessions = program
    .command('sessions')
    .description('what exchanges opened: a refresh token each, and the access tokens that it brings')
    .addHelpText('after', examples('guichet sessions list --client billing'))

  sessions
    .command('list')
    .description('list the live sessions')
    .addOption(clientOption())
    .addOption(new Option('--key <key id>', 'of this key alone').argParser(parseKeyId))
    .addHelpText(
      'after',
      examples(
        'guichet sessions list',
        'guichet sessions list --client billing',
        "guichet sessions list --key 4fTz0QpLw8Xc --json | jq -r '.[].id'",
      ),
    )
    .action(listSessions)

  sessions
    .command('end')
    .description('end a session: its refresh token and all its access tokens')
    .argument('<session id>', 'as `guichet sessions list` shows it, or `sid` in a token', parseUuid)
    .addHelpText('after', examples('guichet sessions end 84455385-e154-4908-94ff-05aa8560b5b8'))
    .action(endSession)

  program
    .command('tokens')
    .description('access tokens, one at a time')
    .addHelpText('after', examples('guichet tokens end 84455385-e154-4908-94ff-05aa8560b5b8'))
    .command('end')
    .description('end one access token')
    .argument('<jti>', 'its `jti`, never the token itself', parseUuid)
    .addHelpText('after', examples('guichet tokens end 84455385-e154-4908-94ff-05aa8560b5b8'))
    .action(endToken)
}

async function listSessions(
  { client, key }: { readonly client?: string; readonly key?: string },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  const byName = client !== undefined && !isUuid(client)
  const gateway = await enterGateway(byName ? ['sessions:read', 'keys:read'] : ['sessions:read'])
  const sessions = await gateway.listAll<SessionRow>('/sessions', {
    ...(client !== undefined && { client_id: await findClientId(gateway, client) }),
    ...(key !== undefined && { key_id: key }),
  })
  if (mode === 'json') writeJson(sessions)
  else if (sessions.length === 0) writeLine('There are no live sessions.')
  else writeSessions(sessions)
}

async function endSession(id: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['sessions:write'])
  const session = await gateway.call<SessionRow>('DELETE', `/sessions/${id}`)
  if (mode === 'json') writeJson(session)
  else writeSessions([session])
}

async function endToken(jti: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['sessions:write'])
  const ended = await gateway.call('DELETE', `/tokens/${jti}`)
  if (mode === 'json') writeJson(ended)
  else writeLine(`If there is a token ${jti}, it is over.`)
}

function writeSessions(sessions: readonly SessionRow[]): void {
  writeTable(
    ['ID', 'KEY', 'STATE', 'CREATED', 'LAST USED', 'EXPIRES'],
    sessions.map((session) => [
      session.id,
      session.key_id,
      session.revoked_at === null ? 'live' : 'ended',
      shortTime(session.created_at),
      shortTime(session.last_used_at),
      shortTime(session.expires_at),
    ]),
  )
}
