import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { enterGateway } from './gateway.ts'
import { outputMode, shortTime, writeJson, writeLine, writeTable } from './print.ts'

/** A signing key, as the gateway spells it. */
interface SigningKeyRow {
  readonly kid: string
  readonly algorithm: string
  readonly origin: string
  readonly state: string
  readonly active_from: string | null
  readonly retires_at: string | null
  readonly gone_at: string | null
}

/** `guichet signing-keys …` */
export function addSigningKeys(program: Command): void {
  const signingKeys = program
    .command('signing-keys')
    .description('the keys that access tokens are signed with')
    .addHelpText('after', examples('guichet signing-keys list', 'guichet signing-keys rotate'))

  signingKeys
    .command('list')
    .description('list all signing keys, oldest first, those that are gone included')
    .addHelpText(
      'after',
      examples(
        'guichet signing-keys list',
        `guichet signing-keys list --json | jq -r '.[] | select(.state == "active").kid'`,
      ),
    )
    .action(listSigningKeys)

  signingKeys
    .command('import')
    .description(
      'bring a key of your own: a private one signs after 15 minutes, a public one is only trusted',
    )
    .argument('<file>', 'a JWK, or PEM with a PKCS#8 private or an SPKI public key')
    .addHelpText(
      'after',
      examples('guichet signing-keys import ours.pem', 'guichet signing-keys import theirs.public.jwk.json'),
    )
    .action(importSigningKey)

  signingKeys
    .command('rotate')
    .description('bring in the next key: published at once, signing after 15 minutes, no token refused')
    .option('--now', 'in an emergency: it signs at once, and every other is gone with all its tokens')
    .addHelpText('after', examples('guichet signing-keys rotate', 'guichet signing-keys rotate --now'))
    .action(rotateSigningKeys)

  signingKeys
    .command('retire')
    .description('end a key and all its tokens, at once and for good')
    .argument('<kid>', 'the 43 characters that name it in lists', parseKid)
    .addHelpText('after', examples('guichet signing-keys retire NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'))
    .action(retireSigningKey)
}

async function listSigningKeys(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['signing-keys:read'])
  const keys = await gateway.listAll<SigningKeyRow>('/signing-keys')
  if (mode === 'json') writeJson(keys)
  else if (keys.length === 0) writeLine('There are no signing keys.')
  else writeSigningKeys(keys)
}

async function importSigningKey(file: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const key = parseKeyFile(await readFile(file, 'utf8'))
  const gateway = await enterGateway(['signing-keys:write'])
  write(await gateway.call<SigningKeyRow>('POST', '/signing-keys', { json: key }), mode)
}

async function rotateSigningKeys(
  { now = false }: { readonly now?: boolean },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['signing-keys:write'])
  write(await gateway.call<SigningKeyRow>('POST', '/signing-keys/rotate', { json: { now } }), mode)
}

async function retireSigningKey(kid: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['signing-keys:write'])
  write(await gateway.call<SigningKeyRow>('DELETE', `/signing-keys/${kid}`), mode)
}

function parseKeyFile(text: string): object {
  if (text.includes('-----BEGIN ')) return { pem: text }
  try {
    return { jwk: JSON.parse(text) }
  } catch {
    throw new CliError('The file holds neither PEM nor a JWK in JSON.', 'failed')
  }
}

function parseKid(text: string): string {
  if (/^[A-Za-z0-9_-]{43}$/.test(text)) return text
  throw new InvalidArgumentError('Give the 43 characters, as `guichet signing-keys list` shows them.')
}

function write(key: SigningKeyRow, mode: 'json' | 'table'): void {
  if (mode === 'json') writeJson(key)
  else writeSigningKeys([key])
}

function writeSigningKeys(keys: readonly SigningKeyRow[]): void {
  writeTable(
    ['KID', 'ALG', 'ORIGIN', 'STATE', 'SIGNS FROM', 'RETIRES', 'GONE'],
    keys.map((key) => [
      key.kid,
      key.algorithm,
      key.origin,
      key.state,
      shortTime(key.active_from),
      shortTime(key.retires_at),
      shortTime(key.gone_at),
    ]),
  )
}
