import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'

/** The rules that a credential passes, in the order in which a token is asked; a key's state, or a person's, comes last. */
export const rules = [
  'guessing',
  'key_known',
  'client_named',
  'token_valid',
  'revocations_known',
  'not_revoked',
  'key_usable',
  'user_usable',
  'network',
  'rate_and_quota',
  'narrowing',
  'permission',
] as const
export type Rule = (typeof rules)[number]

/** Hears of every rule that was asked, and what it said. */
export type Trace = (rule: Rule, failure: Failure | undefined) => void

/** Lets a rule's outcome pass, and tells it to whoever listens: enforcement and explanation are one and the same run. */
export function traced<T>(
  parts: { readonly trace?: Trace },
  rule: Rule,
  outcome: Result<T, Failure>,
): Result<T, Failure> {
  parts.trace?.(rule, outcome.ok ? undefined : outcome.failure)
  return outcome
}
