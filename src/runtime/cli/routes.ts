import { isIP } from 'node:net'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { examples } from './examples.ts'
import { parseKeyId } from './ids.ts'
import { outputMode } from './print.ts'

/** A call that somebody might make. */
export interface WishedCall {
  readonly method: string
  /** Null where a path alone was given. */
  readonly host: string | null
  /** Path and query, as they would be sent. */
  readonly target: string
}

/** `guichet routes …` */
export function addRoutes(program: Command): void {
  const routes = program
    .command('routes')
    .description('the rules for the APIs behind the gateway; no running gateway is asked')
    .addHelpText(
      'after',
      examples('guichet routes check routes.yaml', 'guichet routes try GET https://api.example.com/orders/7'),
    )
  addCheck(routes)
  addTry(routes)
}

function addCheck(routes: Command): void {
  routes
    .command('check')
    .description('say what is wrong with a routes file, or show its routes and what in it may be a slip')
    .argument('<file>', 'YAML or JSON; - for standard input')
    .addHelpText(
      'after',
      examples('guichet routes check routes.yaml', 'guichet routes check - < routes.json'),
    )
    .addHelpText('after', '\nExits with 1 when the file cannot be used; a warning is no failure.')
    .action(async (file: string, _options: object, command: Command) => {
      const mode = outputMode(command)
      // Loaded when asked for, as all that few commands need.
      const { checkRoutes } = await import('./routes-check.ts')
      await checkRoutes(file, mode)
    })
}

function addTry(routes: Command): void {
  routes
    .command('try')
    .description('say which route a call falls under, and what its upstream would see')
    .argument('<method>', 'as GET', parseMethod)
    .argument('<url>', 'as https://api.example.com/orders/7?x=1, or a path', parseUrl)
    .addOption(
      new Option('--key <key id>', 'say too whether this key would be let through').argParser(parseKeyId),
    )
    .option('--file <file>', 'the routes; - for standard input (default: those of the settings)')
    .addOption(new Option('--address <address>', 'where the call comes from').argParser(parseAddress))
    .addHelpText(
      'after',
      examples(
        'guichet routes try GET https://api.example.com/orders/7?x=1',
        'guichet routes try POST /orders --file routes.yaml --key 4fTz0QpLw8Xc --address 203.0.113.9',
      ),
    )
    .addHelpText('after', '\nWith --key the database is read, with the settings of the server.')
    .action(
      async (
        method: string,
        url: Pick<WishedCall, 'host' | 'target'>,
        options: { readonly key?: string; readonly file?: string; readonly address?: string },
        command: Command,
      ) => {
        const mode = outputMode(command)
        const { tryRoute } = await import('./routes-try.ts')
        await tryRoute({ method, ...url }, { ...options, mode })
      },
    )
}

const URL_PARTS = /^https?:\/\/([^/?#]+)(.*)$/i

/** Not resolved: a URL parser would tidy the path that is to be judged. @throws InvalidArgumentError */
function parseUrl(url: string): Pick<WishedCall, 'host' | 'target'> {
  const [, host, rest] = URL_PARTS.exec(url) ?? []
  const target = (rest ?? url).replace(/#.*$/s, '')
  if (host === undefined && !target.startsWith('/')) {
    throw new InvalidArgumentError(
      'Give a URL like https://api.example.com/orders/7, or a path like /orders/7.',
    )
  }
  return { host: host ?? null, target: target.startsWith('/') ? target : `/${target}` }
}

/** @throws InvalidArgumentError */
function parseMethod(text: string): string {
  if (!/^[A-Za-z][A-Za-z-]{0,19}$/.test(text)) throw new InvalidArgumentError('Give a method like GET.')
  return text.toUpperCase()
}

/** @throws InvalidArgumentError */
function parseAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Give an IPv4 or IPv6 address.')
  return text
}
