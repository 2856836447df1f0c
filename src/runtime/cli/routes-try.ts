import { facesOf } from '../../dialects/all.ts'
import { explainBehind, spellRule } from '../../dialects/native/explain-behind.ts'
import { verdictOf } from '../../dialects/native/explanation.ts'
import { createGateway } from '../../gateway/gateway.ts'
import type { GatewayRules } from '../../gateway/rules.ts'
import { parseTarget } from '../../gateway/target.ts'
import { type Mismatch, trail } from '../../gateway/trail.ts'
import { createApp } from '../../http/app.ts'
import type { RuleFinding, RuleQuestion } from '../../http/behind.ts'
import type { Settings } from '../../settings/settings.ts'
import { canonicalAddress } from '../addresses.ts'
import { readSettings } from '../environment.ts'
import { parseRulesSource, readRules } from '../rules-source.ts'
import { CliError } from './cli-error.ts'
import { explainOffline } from './explain-offline.ts'
import { type Explanation, writeExplanation, writeRule } from './explanation.ts'
import { type OutputMode, writeJson, writeLine, writeTable } from './print.ts'
import type { WishedCall } from './routes.ts'
import { readRoutesText } from './routes-check.ts'

interface TryOptions {
  readonly key?: string
  readonly file?: string
  readonly address?: string
  readonly mode: OutputMode
}

/** What comes of a call. Without a key it may be nobody's to say: then the verdict is null. */
type Outcome = Omit<Explanation, 'verdict' | 'permission'> & {
  readonly verdict: Explanation['verdict'] | null
}

/** Says which rule takes a call, and why those before it do not; and, of a key, whether it would be let through. */
export async function tryRoute(
  call: WishedCall,
  { key, file, address: from, mode }: TryOptions,
): Promise<void> {
  const settings = readSettings()
  const rules = await findRules(settings, file)
  const { basePath } = settings
  const behind = createGateway(rules, { basePath })
  const mounts = facesOf(settings.faces)
  const { table } = createApp({ mounts, basePath, corsOrigins: [], behind })
  if (table.owns(call.target.replace(/\?.*$/s, '').replace(/(.)\/$/, '$1'))) {
    if (mode === 'json') writeJson({ ...call, own: true })
    else writeLine("This path is the gateway's own: no route is asked about it. See `guichet explain`.")
    return
  }
  const address = canonicalAddress(from ?? '')
  const question = { ...call, host: call.host ?? undefined, address }
  const found = behind.look({ ...question, identity: undefined })
  const outcome = key === undefined ? outcomeOf(found) : await explainKey(key)
  const routes = trailOf(rules, question)
  const problem = found.kind === 'refused' ? found.problem : null
  if (mode === 'json') writeJson({ ...call, own: false, problem, routes, ...outcome })
  else writeOutcome({ routes, problem, outcome })

  function explainKey(keyId: string): Promise<Outcome> {
    const credential = { kind: 'key_id', keyId } as const
    return explainBehind((question) => explainOffline(settings, question), {
      ...question,
      behind,
      call: { credential, address, at: new Date() },
    })
  }
}

async function findRules({ rules: source }: Settings, file: string | undefined): Promise<GatewayRules> {
  if (file === undefined && source === undefined) {
    throw new CliError(
      'There are no routes: give --file, or set ROUTES_FILE, ROUTES or UPSTREAM_URL.',
      'usage',
    )
  }
  const rules =
    file === undefined
      ? source && (await readRules(source))
      : parseRulesSource({ kind: 'text', text: await readRoutesText(file) })
  if (rules?.ok) return rules.value
  throw new CliError(`These routes cannot be used: ${rules?.failure.join('; ')}.`, 'failed')
}

interface PassedRoute {
  readonly name: string
  readonly mismatches: readonly Mismatch[]
}

function trailOf(
  rules: GatewayRules,
  { method, host, target: text }: Omit<RuleQuestion, 'identity'>,
): readonly PassedRoute[] {
  const target = parseTarget(text, host)
  if (!target.ok) return []
  const asked = trail(rules, { method, host, path: target.value.matched })
  return asked.map(({ rule, mismatches }) => ({ name: rule.name, mismatches }))
}

function outcomeOf(found: RuleFinding): Outcome {
  if (found.kind !== 'matched') return { ...verdictOf(found), rule: null, steps: [] }
  const verdict = found.isPublic || found.isShadow ? 'allowed' : null
  return { verdict, code: null, message: null, rule: spellRule(found), steps: [] }
}

function writeOutcome({
  routes,
  problem,
  outcome,
}: {
  readonly routes: readonly PassedRoute[]
  readonly problem: string | null
  readonly outcome: Outcome
}): void {
  if (routes.length > 0) {
    const reasonOf = ({ mismatches }: PassedRoute) => mismatches.map((part) => `other ${part}`).join(', ')
    const rows = routes.map((route) => [
      route.name,
      route.mismatches.length === 0 ? 'yes' : 'no',
      reasonOf(route),
    ])
    writeTable(['ROUTE', 'TAKES IT', 'WHY NOT'], rows)
    writeLine('')
  }
  const { verdict, rule } = outcome
  if (verdict !== null) writeExplanation({ ...outcome, verdict, permission: null })
  else if (rule !== null) writeRule(rule)
  if (problem !== null) writeLine(`What is odd about the path: ${problem}.`)
}
