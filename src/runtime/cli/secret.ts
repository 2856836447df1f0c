import type { Command } from 'commander'
import { examples } from './examples.ts'
import { outputMode, writeJson, writeLine } from './print.ts'

/** `guichet secret …` */
export function addSecret(program: Command): void {
  const secret = program
    .command('secret')
    .description('the secret that digests and signing keys are kept under')
    .addHelpText('after', examples('guichet secret generate'))

  secret
    .command('generate')
    .description('print a fresh secret for GUICHET_SECRET, bare unless --json is asked for')
    .addHelpText(
      'after',
      examples(
        'guichet secret generate',
        'npm run --silent guichet -- secret generate',
        'GUICHET_SECRET="$(guichet secret generate),$OLD_SECRET"  # the first writes, all read',
      ),
    )
    .action(generate)
}

async function generate(_options: object, command: Command): Promise<void> {
  // A pipe gets the bare secret too: it ends in a shell variable, where JSON would be a wrong secret.
  const asked = command.optsWithGlobals<{ json?: boolean }>().json === true
  const mode = asked ? outputMode(command) : 'table'
  // Loaded when asked for: it brings the embedded database with it.
  const { generateSecret } = await import('../secret-file.ts')
  const secret = generateSecret()
  if (mode === 'json') writeJson({ secret })
  else writeLine(secret)
}
