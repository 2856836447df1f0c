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
    ...verdictOf(refusal),
    // A rule that only watches lets it pass; the code says what it would be.
    ...(found.isShadow && { verdict: 'allowed' as const }),
    permission: null,
    rule: spellRule(seen.kind === 'matched' ? seen : found),
    steps: [stepOf('route', undefined), ...steps],
  }
}

/** The rule of a call, as the wire has it. */
export function spellRule(found: Extract<RuleFinding, { kind: 'matched' }>) {
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
