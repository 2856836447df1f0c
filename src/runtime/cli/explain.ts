import { type Command, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { enterGateway } from './gateway.ts'
import { parseKeyId } from './ids.ts'
import { outputMode, writeJson, writeLine, writeTable } from './print.ts'

interface Explanation {
  readonly verdict: 'allowed' | 'refused'
  readonly code: string | null
  readonly message: string | null
  readonly permission: string | null
  readonly steps: readonly {
    readonly rule: string
    readonly outcome: string
    readonly code: string | null
    readonly message: string | null
  }[]
}

/** `guichet explain METHOD PATH` */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('say what would happen to a call of a key, and why; nothing is counted or written')
    .argument('<method>', 'as GET')
    .argument('<path>', 'as /api/v1/me')
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
      ),
    )
    .action(explain)
}

async function explain(
  method: string,
  path: string,
  options: {
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
  const credential = options.key === undefined ? { token: await readStdin() } : { key_id: options.key }
  const gateway = await enterGateway(['audit:read'])
  const explanation = await gateway.call<Explanation>('POST', '/explain', {
    json: { ...credential, method, path, address: options.address, at: options.at },
  })
  if (mode === 'json') writeJson(explanation)
  else writeExplanation(explanation)
}

function writeExplanation({ verdict, code, message, permission, steps }: Explanation): void {
  writeTable(
    ['RULE', 'OUTCOME', 'WHY'],
    steps.map((step) => [step.rule, step.outcome, step.message ?? '']),
  )
  writeLine('')
  writeLine(verdict === 'allowed' ? 'Allowed.' : `Refused: ${message} (${code})`)
  if (permission !== null) writeLine(`The route asks for ${permission}.`)
}

async function readStdin(): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  return text.trim()
}
