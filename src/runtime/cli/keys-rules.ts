import { type Command, InvalidArgumentError, Option } from 'commander'
import { refreshTokenPrefix } from '../../core/keys/api-key.ts'
import { isPrefix } from '../../core/keys/credential-text.ts'
import { bodyLengths } from '../../core/keys/find-credentials.ts'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** Random text of this length has about 4.8 bits a character; placeholders have far less. */
const ENTROPY_BITS = 4
/** What no credential of ours begins after or goes on with. */
const EDGE = '[^0-9A-Za-z]'

interface Rule {
  readonly id: string
  readonly name: string
  readonly keyword: string
  readonly pattern: string
}

interface RulesOptions {
  readonly gitleaks?: boolean
  readonly github?: boolean
  readonly prefix: string
}

/** `guichet keys rules` */
export function addKeysRules(keys: Command): void {
  keys
    .command('rules')
    .description('print rules that let other scanners find API keys and refresh tokens')
    .addOption(new Option('--gitleaks', 'as TOML for gitleaks').conflicts('github'))
    .option('--github', 'as custom patterns for GitHub secret scanning')
    .addOption(
      new Option('--prefix <prefix>', 'how API keys begin, as KEY_PREFIX says')
        .default('gk')
        .argParser(parsePrefix),
    )
    .addHelpText(
      'after',
      examples(
        'guichet keys rules --gitleaks >> .gitleaks.toml',
        'guichet keys rules --github --prefix acme_live',
      ),
    )
    .addHelpText(
      'after',
      '\nA pattern cannot check the checksum: `guichet keys scan` does, and tells a key from what looks like one.',
    )
    .action(printRules)
}

function printRules(options: RulesOptions, command: Command): void {
  if (options.gitleaks !== true && options.github !== true) {
    throw new CliError('Choose one of --gitleaks and --github.', 'usage')
  }
  const rules = rulesFor(options.prefix)
  // A pipe gets the bare rules too: they end in a file that the other scanner reads.
  const asked = command.optsWithGlobals<{ json?: boolean }>().json === true
  if (asked && outputMode(command) === 'json') {
    writeJson(rules.map((rule) => ({ ...rule, before: `\\A|${EDGE}`, after: `\\z|${EDGE}` })))
  } else writeLine(rules.map(options.gitleaks === true ? gitleaksRule : githubPattern).join('\n\n'))
}

function rulesFor(prefix: string): readonly Rule[] {
  const rule = (id: string, name: string, [start, length]: readonly [string, number]) => ({
    id,
    name,
    keyword: `${start}_`,
    pattern: `${start}_[0-9A-Za-z]{${length}}`,
  })
  return [
    rule('guichet-api-key', 'Guichet API key', [prefix, bodyLengths.api_key]),
    rule('guichet-refresh-token', 'Guichet refresh token', [refreshTokenPrefix, bodyLengths.refresh_token]),
  ]
}

function gitleaksRule({ id, name, keyword, pattern }: Rule): string {
  return `# Its checksum is checked by \`guichet keys scan\`.
[[rules]]
id = "${id}"
description = "${name}"
regex = '''(?:^|${EDGE})(${pattern})(?:${EDGE}|$)'''
secretGroup = 1
entropy = ${ENTROPY_BITS}
keywords = ["${keyword}"]`
}

/** The fields of GitHub's form for a custom pattern. */
function githubPattern({ name, pattern }: Rule): string {
  return `# Its checksum is checked by \`guichet keys scan\`.
Pattern name:   ${name}
Secret format:  ${pattern}
Before secret:  \\A|${EDGE}
After secret:   \\z|${EDGE}`
}

/** @throws InvalidArgumentError */
function parsePrefix(text: string): string {
  if (isPrefix(text) && text !== refreshTokenPrefix) return text
  throw new InvalidArgumentError('It looks like gk or acme_live: what KEY_PREFIX may be.')
}
