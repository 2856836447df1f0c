import { type Command, Option } from 'commander'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { parseDuration } from './expiry.ts'
import { enterGateway } from './gateway.ts'
import { parseKeyId } from './ids.ts'
import { idempotencyKeyOption, type KeyOptions, keyFields, keyOptions } from './key-options.ts'
import { type FreshKeyRow, type KeyRow, writeFreshKey, writeKey } from './key-row.ts'
import { permissionOption } from './permission-option.ts'
import { outputMode, shortTime, writeLine } from './print.ts'
import { addSurrender } from './surrender.ts'

interface UpdateOptions extends KeyOptions {
  readonly name?: string
  /** False for `--no-expiry`. */
  readonly expiry: boolean
  readonly allowAnywhere?: boolean
}

interface RotateOptions {
  /** In milliseconds; false for `--no-overlap`. */
  readonly overlap?: number | false
  readonly idempotencyKey?: string
}

/** What becomes of a key after it was made. */
export function addKeyLife(keys: Command): void {
  oneKey(keys, 'get', 'show a key, its state and who uses it', 'keys get 4fTz0QpLw8Xc').action(getKey)
  addUpdate(keys)
  oneKey(
    keys,
    'rotate',
    'make a successor, and let the key run out beside it',
    'keys rotate 4fTz0QpLw8Xc',
    'keys rotate 4fTz0QpLw8Xc --overlap 7d --json | jq -r .api_key',
  )
    .addOption(
      new Option('--overlap <duration>', 'how long both work: 30m, 12h, 7d (24h)').argParser(parseDuration),
    )
    .option('--no-overlap', 'stop the old one at once')
    .addOption(idempotencyKeyOption())
    .action(rotateKey)
  oneKey(keys, 'retire', 'end the overlap of a rotated key now', 'keys retire 4fTz0QpLw8Xc')
    .option('--force', 'even when it was used within the last hour')
    .action(retireKey)
  oneKey(
    keys,
    'disable',
    'stop a key and its tokens until it is enabled',
    'keys disable 4fTz0QpLw8Xc',
  ).action((id: string, _options: object, command: Command) => changeKey(id, 'disable', command))
  oneKey(keys, 'enable', 'let a disabled key work again', 'keys enable 4fTz0QpLw8Xc').action(
    (id: string, _options: object, command: Command) => changeKey(id, 'enable', command),
  )
  oneKey(
    keys,
    'revoke',
    'withdraw a key and its tokens, at once and for good',
    'keys revoke 4fTz0QpLw8Xc',
    'keys revoke 4fTz0QpLw8Xc --reason departed',
  )
    .option('--reason <text>', 'why, for those who look at it later')
    .option('--purge', 'remove its record too')
    .action(revokeKey)
  addSurrender(keys)
}

function oneKey(keys: Command, name: string, description: string, ...shown: readonly string[]): Command {
  return keys
    .command(name)
    .description(description)
    .argument('<key id>', 'the 12 characters that name it in lists', parseKeyId)
    .addHelpText('after', examples(...shown.map((line) => `guichet ${line}`)))
}

function addUpdate(keys: Command): void {
  const update = oneKey(
    keys,
    'update',
    'change a key; what is not said stays',
    'keys update 4fTz0QpLw8Xc --name staging --rate-limit 100/60s',
    'keys update 4fTz0QpLw8Xc --no-quota --allow-anywhere --no-expiry',
  )
    .option('--name <name>', 'what to call it')
    .addOption(permissionOption('what it may do, instead of what it may now'))
  for (const option of keyOptions()) update.addOption(option)
  update
    .addOption(new Option('--no-expiry', 'it ends no more by itself').conflicts(['expiresAt', 'expiresIn']))
    .addOption(new Option('--allow-anywhere', 'from every network').conflicts('allowCidr'))
    .option('--no-rate-limit', 'without a limit of calls in a window')
    .option('--no-quota', 'without a limit of calls in all')
    .action(updateKey)
}

async function getKey(id: string, _options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['keys:read'])
  const key = await gateway.call<KeyRow & { readonly usage: Usage | null }>('GET', `/keys/${id}`)
  writeKey(key, mode)
  if (mode === 'json') return
  const { usage, allowed_cidrs, rate_limit, quota, revoked_reason, successor_id } = key
  const used =
    usage && `${usage.count} times, last ${shortTime(usage.last_used_at)} from ${usage.last_address ?? '-'}`
  const facts = {
    client: key.client_id,
    used: used ?? 'never',
    networks: allowed_cidrs.join(' ') || 'all',
    'rate limit': rate_limit === null ? '-' : `${rate_limit.limit}/${rate_limit.window_seconds}s`,
    quota: quota === null ? '-' : String(quota),
    metadata: JSON.stringify(key.metadata),
    ...(successor_id !== null && { successor: successor_id }),
    ...(revoked_reason !== null && { 'revoked for': revoked_reason }),
  }
  writeLine('')
  for (const [name, value] of Object.entries(facts)) writeLine(`${name.padEnd(12)}${value}`)
}

interface Usage {
  readonly count: number
  readonly last_used_at: string
  readonly last_address: string | null
}

async function updateKey(id: string, options: UpdateOptions, command: Command): Promise<void> {
  const mode = outputMode(command)
  const json = {
    name: options.name,
    ...keyFields(options),
    ...(!options.expiry && { expires_at: null }),
    ...(options.allowAnywhere === true && { allowed_cidrs: [] }),
  }
  if (Object.values(json).every((value) => value === undefined)) {
    throw new CliError('Say what to change: see `guichet keys update --help`.', 'usage')
  }
  // Not narrowed: nobody can give what they do not hold, or change a key that may do more than they.
  const gateway = await enterGateway(undefined)
  writeKey(await gateway.call<KeyRow>('PATCH', `/keys/${id}`, { json }), mode)
}

async function rotateKey(id: string, options: RotateOptions, command: Command): Promise<void> {
  const mode = outputMode(command)
  const { overlap, idempotencyKey } = options
  const json = { overlap_seconds: overlap === undefined ? undefined : (overlap || 0) / 1000 }
  // Not narrowed: a successor has all that the key may do.
  const gateway = await enterGateway(undefined)
  writeFreshKey(await gateway.call<FreshKeyRow>('POST', `/keys/${id}/rotate`, { json, idempotencyKey }), mode)
}

async function retireKey(id: string, { force }: { readonly force?: boolean }, command: Command) {
  const mode = outputMode(command)
  const gateway = await enterGateway(['keys:write'])
  writeKey(await gateway.call<KeyRow>('POST', `/keys/${id}/retire`, { json: { force } }), mode)
}

async function changeKey(id: string, change: 'disable' | 'enable', command: Command): Promise<void> {
  const mode = outputMode(command)
  // To wake a key asks for all that it may do.
  const gateway = await enterGateway(change === 'enable' ? undefined : ['keys:write'])
  writeKey(await gateway.call<KeyRow>('POST', `/keys/${id}/${change}`), mode)
}

async function revokeKey(
  id: string,
  { reason, purge }: { readonly reason?: string; readonly purge?: boolean },
  command: Command,
): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['keys:write'])
  const key = await gateway.call<KeyRow>('POST', `/keys/${id}/revoke`, { json: { reason } })
  // Second, so that its reason is known to whoever keeps account of what was removed.
  if (purge === true) await gateway.call('DELETE', `/keys/${id}?purge=true`)
  writeKey(key, mode)
}
