import { text } from 'node:stream/consumers'
import { type Command, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { type Explanation, writeExplanation } from './explanation.ts'
import { enterGateway } from './gateway.ts'
import { parseKeyId } from './ids.ts'
import { outputMode, writeJson } from './print.ts'

/** `guichet explain METHOD PATH` */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say what would happen to a call of a key, and why; nothing is counted or written')
    .argument('<method>', 'as GET')
    .argument('<path>', 'as /api/v1/me, or that of an API behind the gateway')
    .option('--host <host>', 'the host that is called, where routes tell hosts apart')
    .addOption(new Option('--key <key id>', 'the key that makes the call').argParser(parseKeyId))
    .option('--token-from-stdin', 'read an access token from standard input instead')
    .option('--address <address>', 'where the call comes from (default: where you are)')
    .option('--at <time>', 'when, in RFC 3339 (default: now)')
    .addHelpText(
      'after',
      examples(
        'guichet explain GET /api/v1/clients --key 4fTz0QpLw8Xc',
        'guichet explain GET /api/v1/me --key 4fTz0QpLw8Xc --address 203.0.113.9 --at 2027-01-01T00:00:00Z',
        'guichet explain GET /api/v1/me --token-from-stdin < token.txt',
        'guichet explain GET /orders/7 --host api.example.com --key 4fTz0QpLw8Xc',
      ),
    )
    .action(explain)
}

async function explain(
  method: string,
  path: string,
  options: {
    readonly host?: string
    readonly key?: string
    readonly tokenFromStdin?: boolean
    readonly address?: string
    readonly at?: string
  },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  if ((options.key === undefined) === (options.tokenFromStdin !== true)) {
    throw new CliError('Name the caller: by --key or by --token-from-stdin.', 'usage')
  }
  const credential =
    options.key === undefined ? { token: (await text(process.stdin)).trim() } : { key_id: options.key }
  const gateway = await enterGateway(['audit:read'])
  const explanation = await gateway.call<Explanation>('POST', '/explain', {
    json: { ...credential, method, path, host: options.host, address: options.address, at: options.at },
  })
  if (mode === 'json') writeJson(explanation)
  else writeExplanation(explanation)
}
