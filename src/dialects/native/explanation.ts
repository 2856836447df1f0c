import { z } from '@hono/zod-openapi'
import { rules } from '../../core/explain/trace.ts'
import type { Refusal } from '../../http/refusal.ts'
import { spellings } from './refuse.ts'

/** One rule that was asked. */
export const stepSchema = z.object({
  rule: z.enum(['route', ...rules]),
  outcome: z.enum(['passed', 'refused']),
  code: z.string().nullable().openapi({ description: 'The stable code of the refusal.' }),
  message: z.string().nullable(),
})

/** The operator's rule that a call behind the gateway falls under. */
export const ruleSchema = z.object({
  name: z.string(),
  public: z.boolean(),
  mode: z.enum(['enforce', 'shadow']),
  permissions: z.array(z.string()),
  credentials: z.array(z.string()),
  upstream: z
    .object({
      name: z.string(),
      method: z.string(),
      target: z.string(),
      headers: z
        .record(z.string(), z.string())
        .openapi({ description: 'What the gateway adds to the call.' }),
    })
    .nullable(),
})

type Reason = Refusal['reason']

/** A rule's outcome, as the wire has it. */
export function stepOf(
  rule: z.output<typeof stepSchema>['rule'],
  refusal: { readonly reason: Reason } | undefined,
): z.output<typeof stepSchema> {
  if (refusal === undefined) return { rule, outcome: 'passed', code: null, message: null }
  const { code, message } = spellings[refusal.reason]
  return { rule, outcome: 'refused', code, message }
}

/** The end of it: allowed, or the refusal that the caller would get. */
export function verdictOf(refusal: { readonly reason: Reason } | undefined) {
  if (refusal === undefined) return { verdict: 'allowed' as const, code: null, message: null }
  const { code, message } = spellings[refusal.reason]
  return { verdict: 'refused' as const, code, message }
}
