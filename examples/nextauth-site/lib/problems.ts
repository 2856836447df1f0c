/** Why something did not work, in words that the site has a text for in each language. */
export const problemKinds = [
  'wrong',
  'unconfirmed',
  'second_factor',
  'reset_due',
  'disabled',
  'closed',
  'captcha',
  'email_taken',
  'username_taken',
  'fields',
  'wait',
  'over',
  'unreachable',
] as const
export type ProblemKind = (typeof problemKinds)[number]

export interface FieldProblem {
  readonly field: string
  readonly kind: 'missing' | 'too_short' | 'too_long' | 'invalid'
  readonly minLength?: number
}

export interface Problem {
  readonly kind: ProblemKind
  readonly fields?: readonly FieldProblem[]
  readonly waitSeconds?: number
}

/** The sentences of the face, which are as stable as codes: docs/dialects/mytone.md. */
const sentences: Readonly<Record<string, ProblemKind>> = {
  'Incorrect identifier or password': 'wrong',
  'Email address not confirmed': 'unconfirmed',
  'Second factor required': 'second_factor',
  'Password reset required': 'reset_due',
  'Account disabled': 'disabled',
  'Account deleted': 'disabled',
  'Registration is closed': 'closed',
  'Captcha required': 'captcha',
  'Email already registered': 'email_taken',
  'Username already taken': 'username_taken',
}

interface FastApiProblem {
  readonly loc: readonly (string | number)[]
  readonly type: string
  readonly ctx?: { readonly min_length?: number }
}

/** Reads a refusal of Guichet, in FastAPI's shapes. */
export function problemOf(answer: Response, body: { readonly detail?: unknown }): Problem {
  const { detail } = body ?? {}
  if (Array.isArray(detail)) return { kind: 'fields', fields: detail.map(fieldProblemOf) }
  if (answer.status === 429)
    return { kind: 'wait', waitSeconds: Number(answer.headers.get('Retry-After')) || 1 }
  const kind = typeof detail === 'string' ? sentences[detail] : undefined
  return { kind: kind ?? (answer.status === 401 ? 'over' : 'unreachable') }
}

/** A problem as one word, where there is room for no more: `wrong`, `wait:30`. */
export function writeProblem({ kind, waitSeconds }: Problem): string {
  return waitSeconds === undefined ? kind : `${kind}:${waitSeconds}`
}

export function readProblem(text: string): Problem {
  const [word, seconds] = text.split(':')
  const kind = problemKinds.find((known) => known === word) ?? 'unreachable'
  return seconds === undefined ? { kind } : { kind, waitSeconds: Number(seconds) }
}

function fieldProblemOf({ loc, type, ctx }: FastApiProblem): FieldProblem {
  const field = String(loc[1] ?? '')
  if (type === 'missing') return { field, kind: 'missing' }
  if (type === 'string_too_long') return { field, kind: 'too_long' }
  if (type !== 'string_too_short') return { field, kind: 'invalid' }
  const minLength = ctx?.min_length ?? 1
  return minLength === 1 ? { field, kind: 'missing' } : { field, kind: 'too_short', minLength }
}
