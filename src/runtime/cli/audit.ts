import { setTimeout as wait } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { auditKinds } from '../../core/audit/event.ts'
import { CliError } from './cli-error.ts'
import { examples } from './examples.ts'
import { parseInstant } from './expiry.ts'
import { enterGateway, type Gateway } from './gateway.ts'
import { outputMode, shortTime, writeJson, writeLine, writeTable } from './print.ts'

/** An event, as the gateway spells it. */
interface EventRow {
  readonly id: string
  readonly seq: number | null
  readonly at: string
  readonly kind: string
  readonly client_id: string | null
  readonly key_id: string | null
  readonly session_id: string | null
  readonly target: string | null
  readonly reason: string | null
  readonly address: string | null
  readonly user_agent: string | null
  readonly request_id: string | null
  readonly count: number
}

interface EventPage {
  readonly items: readonly EventRow[]
  readonly next_cursor: string | null
  readonly next_seq: number | null
}

interface Verdict {
  readonly intact: boolean
  readonly complete: boolean
  readonly problem: { readonly what: string; readonly seq: number; readonly event_id: string | null } | null
  readonly checked: number
  readonly checked_through: number
  readonly first_seq: number
  readonly last_seq: number
  readonly last_hash: string | null
}

const PAGE_ROWS = 200
const POLL_MS = 1000
/** An access token of a command lives for a minute. */
const ENTER_AGAIN_MS = 45_000
const TAIL_ROWS = 10

/** `guichet audit …` */
export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('the audit log: who did what, in a chain that shows every change')
    .addHelpText('after', examples('guichet audit list --kind key.revoke', 'guichet audit verify'))

  const list = audit.command('list').description('list events, newest first')
  addFilters(list)
    .addOption(new Option('--limit <rows>', 'at most so many').argParser(parseRows).default(50))
    .addHelpText(
      'after',
      examples(
        'guichet audit list --kind refusal --from 2030-01-01T00:00:00Z',
        'guichet audit list --key 4fTz0QpLw8Xc --limit 500 --json | jq -r .[].address',
      ),
    )
    .action(listEvents)

  const tail = audit
    .command('tail')
    .description('print the last events and then each new one, within seconds, until Ctrl-C')
  addFilters(tail)
    .addHelpText('after', examples('guichet audit tail', 'guichet audit tail --json | jq -r .kind'))
    .action(tailEvents)

  audit
    .command('verify')
    .description(
      'check that no event was changed, moved or removed; exits with 1 and names the first that was',
    )
    .addHelpText('after', examples('guichet audit verify', 'guichet audit verify --json | jq -r .last_hash'))
    .action(verifyEvents)
}

function addFilters(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'only this kind').choices(auditKinds))
    .option('--client <id>', 'only what this client did')
    .option('--key <id>', 'only what was done with this key')
    .option('--session <id>', 'only what was done in this session')
    .option('--user <id>', 'only what this person did')
    .option('--request <id>', 'only of the call with this request id')
    .addOption(new Option('--from <time>', 'only from this time on, in RFC 3339').argParser(parseInstant))
    .addOption(new Option('--to <time>', 'only before this time, in RFC 3339').argParser(parseInstant))
}

type Filters = Readonly<
  Partial<Record<'kind' | 'client' | 'key' | 'session' | 'user' | 'request' | 'from' | 'to', string>>
>

async function listEvents(options: Filters & { readonly limit: number }, command: Command): Promise<void> {
  const mode = outputMode(command)
  const gateway = await enterGateway(['audit:read'])
  const events: EventRow[] = []
  let cursor: string | null = null
  do {
    const limit = String(Math.min(PAGE_ROWS, options.limit - events.length))
    const page: EventPage = await readPage(gateway, options, { limit, ...(cursor !== null && { cursor }) })
    events.push(...page.items)
    cursor = page.next_cursor
  } while (cursor !== null && events.length < options.limit)
  if (mode === 'json') writeJson(events)
  else if (events.length === 0) writeLine('There are no such events.')
  else writeTable(HEADING, events.map(rowOf))
}

async function tailEvents(options: Filters, command: Command): Promise<void> {
  const mode = outputMode(command)
  // Nothing is left half done: Ctrl-C ends it as an end that was asked for.
  process.once('SIGINT', () => process.exit(0))
  const enter = await lastingGateway()
  let afterSeq = await endOfChain(await enter())
  const newest = await readPage(await enter(), options, { limit: String(TAIL_ROWS) })
  for (const event of newest.items.toReversed()) {
    // What is not linked yet, or was just now, comes with the next look.
    if (event.seq !== null && event.seq <= afterSeq) writeEvent(event, mode)
  }
  for (;;) {
    const page = await readPage(await enter(), options, {
      after_seq: String(afterSeq),
      limit: String(PAGE_ROWS),
    })
    for (const event of page.items) writeEvent(event, mode)
    afterSeq = page.next_seq ?? afterSeq
    if (page.items.length < PAGE_ROWS) await wait(POLL_MS)
  }
}

async function verifyEvents(_options: object, command: Command): Promise<void> {
  const mode = outputMode(command)
  const enter = await lastingGateway()
  let checked = 0
  let verdict: Verdict | undefined
  do {
    const after = verdict === undefined ? '' : `?after_seq=${verdict.checked_through}`
    verdict = await (await enter()).call<Verdict>('GET', `/audit/verify${after}`)
    checked += verdict.checked
  } while (verdict.intact && !verdict.complete)
  if (mode === 'json') writeJson({ ...verdict, checked })
  else if (verdict.intact) writeLine(intactLine(verdict, checked))
  if (verdict.problem !== null) throw new CliError(problemLine(verdict.problem), 'failed')
}

/** A gateway for as long as the command runs: its token is renewed by a new exchange before it ends. */
async function lastingGateway(): Promise<() => Promise<Gateway>> {
  let gateway = await enterGateway(['audit:read'])
  let enteredAt = Date.now()
  return async () => {
    if (Date.now() - enteredAt > ENTER_AGAIN_MS) {
      gateway = await enterGateway(['audit:read'])
      enteredAt = Date.now()
    }
    return gateway
  }
}

/** What is linked after this is new. No row can come after so high a number: nothing is checked. */
async function endOfChain(gateway: Gateway): Promise<number> {
  const query = new URLSearchParams({ after_seq: String(Number.MAX_SAFE_INTEGER), limit: '1' })
  const { last_seq } = await gateway.call<Verdict>('GET', `/audit/verify?${query}`)
  return last_seq
}

function readPage(gateway: Gateway, filters: Filters, more: Record<string, string>): Promise<EventPage> {
  const wanted = {
    kind: filters.kind,
    client_id: filters.client,
    key_id: filters.key,
    session_id: filters.session,
    user_id: filters.user,
    request_id: filters.request,
    from: filters.from,
    to: filters.to,
  }
  const query = new URLSearchParams(more)
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) query.set(name, value)
  return gateway.call<EventPage>('GET', `/audit?${query}`)
}

const HEADING = ['TIME', 'KIND', 'COUNT', 'CLIENT', 'KEY', 'TARGET', 'REASON', 'ADDRESS', 'REQUEST']

function rowOf(event: EventRow): readonly string[] {
  const { client_id, key_id, target, reason, address, request_id } = event
  const cells = [client_id, key_id, target, reason, address, request_id]
  return [
    shortTime(event.at),
    event.kind,
    String(event.count),
    ...cells.map((cell) => inTerminal(cell ?? '-')),
  ]
}

function writeEvent(event: EventRow, mode: 'json' | 'table'): void {
  writeLine(mode === 'json' ? JSON.stringify(event) : rowOf(event).join('  '))
}

/** A caller's words are not ours: none may move the cursor or colour the screen. */
function inTerminal(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}

function intactLine({ first_seq, last_seq, last_hash }: Verdict, checked: number): string {
  if (checked === 0) return 'The chain holds no events.'
  return `Intact: ${checked} events, ${first_seq} to ${last_seq}. The last hash is ${last_hash}`
}

function problemLine({ what, seq, event_id }: NonNullable<Verdict['problem']>): string {
  const event = event_id === null ? '' : `, ${event_id}`
  const problems: Readonly<Record<string, string>> = {
    missing: `Event ${seq} is missing.`,
    altered: `Event ${seq} is not as it was written${event}.`,
    reordered: `Event ${seq} was written in another place${event}.`,
    ends: 'The record of where the chain begins and ends is not what the gateway wrote.',
    secret: `Event ${seq} was written under a secret that is not in GUICHET_SECRET${event}.`,
  }
  return problems[what] ?? `Event ${seq}: ${what}${event}.`
}

function parseRows(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 999999.')
  return Number(text)
}
