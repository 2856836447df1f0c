import { writeLine, writeTable } from './print.ts'

/** What `POST /api/v1/explain` answers, as far as it is shown. */
export interface Explanation {
  readonly verdict: 'allowed' | 'refused'
  readonly code: string | null
  readonly message: string | null
  readonly permission: string | null
  readonly rule: ExplainedRule | null
  readonly steps: readonly {
    readonly rule: string
    readonly outcome: string
    readonly code: string | null
    readonly message: string | null
  }[]
}

/** The operator's rule that a call behind the gateway falls under. */
export interface ExplainedRule {
  readonly name: string
  readonly public: boolean
  readonly mode: 'enforce' | 'shadow'
  readonly permissions: readonly string[]
  readonly credentials: readonly string[]
  readonly upstream: {
    readonly name: string
    readonly method: string
    readonly target: string
    readonly headers: Readonly<Record<string, string>>
  } | null
}

/** The steps, the verdict and, for a call behind the gateway, its rule, for people. */
export function writeExplanation(explanation: Explanation): void {
  const { verdict, code, message, permission, rule, steps } = explanation
  if (steps.length > 0) {
    writeTable(
      ['RULE', 'OUTCOME', 'WHY'],
      steps.map((step) => [step.rule, step.outcome, step.message ?? '']),
    )
    writeLine('')
  }
  const refusal = `${message} (${code})`
  if (verdict === 'refused') writeLine(`Refused: ${refusal}`)
  // A route that only watches.
  else writeLine(code === null ? 'Allowed.' : `Allowed. Were the route enforced: ${refusal}`)
  if (permission !== null) writeLine(`The route asks for ${permission}.`)
  if (rule === null) return
  writeLine('')
  writeRule(rule)
}

/** What a rule asks of a call, and what the upstream sees of it. */
export function writeRule(rule: ExplainedRule): void {
  const { name, mode, upstream } = rule
  writeLine(`Route ${name}${mode === 'shadow' ? ', which only watches' : ''}: ${demandOf(rule)}.`)
  if (upstream === null) {
    writeLine('It has no upstream: it answers other proxies, and a call that comes itself is 404.')
    return
  }
  writeLine(`Upstream ${upstream.name} sees ${upstream.method} ${upstream.target}, and of the gateway:`)
  for (const [field, value] of Object.entries(upstream.headers)) writeLine(`  ${field}: ${value}`.trimEnd())
}

function demandOf({ public: isPublic, permissions, credentials }: ExplainedRule): string {
  if (isPublic) return 'public, no credential is asked for'
  const shown = credentials.map((kind) => credentialNames[kind] ?? kind).join(' or ')
  return permissions.length === 0
    ? `asks for ${shown}`
    : `asks for ${shown} with ${permissions.join(' and ')}`
}

const credentialNames: Readonly<Record<string, string>> = { token: 'a token', api_key: 'an API key' }
