import type { Question } from '../../core/explain/explain.ts'
import type { Service } from '../../core/service.ts'
import type { Behind, RuleFinding } from '../../http/behind.ts'
import type { FieldList } from '../../http/wire.ts'
import { stepOf, verdictOf } from './explanation.ts'

interface CallBehind {
  readonly call: Omit<Question, 'needed'>
  readonly behind: Behind
  readonly method: string
  readonly host: string | undefined
  readonly target: string
}

/** Explains a call to the operator's own APIs: the rule that it falls under, and what its upstream would see. */
export async function explainBehind(
  explain: Service['explain'],
  { call, behind, method, target, host }: CallBehind,
) {
  const question = { method, target, host, address: call.address }
  const found = behind.look({ ...question, identity: undefined })
  if (found.kind === 'refused') {
    return { ...verdictOf(found), permission: null, rule: null, steps: [stepOf('route', found)] }
  }
  if (found.kind === 'matched' && !takes(found, call)) {
    return { ...refusedBy(found, { reason: 'credential_missing' }), steps: [stepOf('route', undefined)] }
  }
  const isPublic = found.kind === 'matched' && found.isPublic
  const needed = found.kind === 'matched' ? found.permissions : []
  const judged = isPublic ? undefined : await explain({ ...call, needed })
  const steps = (judged?.steps ?? []).map(({ rule, failure }) => stepOf(rule, failure))
  const refusal = judged?.failure
  if (found.kind === 'unmatched') {
    const routed = refusal === undefined ? [stepOf('route', found)] : []
    return { ...verdictOf(refusal ?? found), permission: null, rule: null, steps: [...steps, ...routed] }
  }
  // Asked again, now that it is known who calls.
  const seen = behind.look({ ...question, identity: judged?.caller })
  return {
    ...refusedBy(seen.kind === 'matched' ? seen : found, refusal),
    steps: [stepOf('route', undefined), ...steps],
  }
}

type MatchedRule = Extract<RuleFinding, { kind: 'matched' }>

/** A token is not looked at where a rule takes keys alone. A key that is named stands for the token of its exchange too. */
function takes({ isPublic, credentials }: MatchedRule, { credential }: CallBehind['call']): boolean {
  return isPublic || credential.kind !== 'token' || credentials.includes('token')
}

function refusedBy(rule: MatchedRule, refusal: Parameters<typeof verdictOf>[0]) {
  const verdict = verdictOf(refusal)
  // A rule that only watches lets it pass; the code says what it would be.
  const watched = rule.isShadow ? { verdict: 'allowed' as const } : {}
  return { ...verdict, ...watched, permission: null, rule: spellRule(rule) }
}

/** The rule of a call, as the wire has it. */
export function spellRule(found: MatchedRule) {
  const { rule, isPublic, isShadow, permissions, credentials, upstream, fields } = found
  return {
    name: rule,
    public: isPublic,
    mode: isShadow ? ('shadow' as const) : ('enforce' as const),
    permissions: [...permissions],
    credentials: [...credentials],
    upstream: upstream === undefined ? null : { ...upstream, headers: spellFields(fields) },
  }
}

function spellFields(fields: FieldList): Record<string, string> {
  const spelled: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) {
    spelled[fields[index] as string] = fields[index + 1] as string
  }
  return spelled
}
