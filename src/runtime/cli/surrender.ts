import { text } from 'node:stream/consumers'
import { Argument, type Command } from 'commander'
import { parseApiKey } from '../../core/keys/api-key.ts'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { callOpenly } from './gateway.ts'
import { type KeyRow, writeKey } from './key-row.ts'
import { outputMode } from './print.ts'

/** `guichet keys surrender` */
export function addSurrender(keys: Command): void {
  keys
    .command('surrender')
    .description('revoke a key by showing it: that of GUICHET_API_KEY, or with - the one on standard input')
    .addArgument(new Argument('[source]', 'where the key comes from; never the key itself').choices(['-']))
    .option('--reason <text>', 'why, for those who look at it later')
    .addHelpText(
      'after',
      examples(
        'GUICHET_API_KEY=$LEAKED guichet keys surrender --reason "found in a log"',
        'guichet keys surrender - < leaked-key.txt',
      ),
    )
    .action(surrender)
}

async function surrender(
  source: '-' | undefined,
  { reason }: { readonly reason?: string },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  // The key of the first start is never taken: nobody gives that up by leaving something out.
  const given = source === '-' ? await text(process.stdin) : process.env['GUICHET_API_KEY']
  const apiKey = given?.trim() ?? ''
  if (apiKey === '')
    throw new CliError('Give the key in GUICHET_API_KEY, or on standard input with -.', 'usage')
  const parsed = parseApiKey(apiKey)
  if (parsed === undefined) throw new CliError('This is no API key of Guichet, or not all of one.', 'usage')
  writeKey(await callOpenly<KeyRow>(`/keys/${parsed.id}/revoke`, { apiKey, reason }), mode)
}
