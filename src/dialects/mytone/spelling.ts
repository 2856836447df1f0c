import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { bareChallenge, challenge } from '../../http/challenge.ts'
import type { FieldProblem, Refusal } from '../../http/refusal.ts'

export type Reason = Refusal['reason']
type Of<R extends Reason> = Extract<Refusal, { reason: R }>

/** How one refusal looks on the wire: the status, and a sentence or what is wrong with which fields of the body. */
export interface Spelling<R extends Reason> {
  readonly status: ContentfulStatusCode
  readonly detail: string | ((refusal: Of<R>) => string | readonly FieldProblem[])
  readonly headers?: (refusal: Of<R>) => Readonly<Record<string, string>>
}

export type Spellings<R extends Reason> = { readonly [K in R]: Spelling<K> }

/** A 401 that no token came with. */
export function challenged(detail: string) {
  return { status: 401, detail, headers: () => ({ 'WWW-Authenticate': bareChallenge }) } as const
}

/** A 401 for a token that was looked at and found wanting. */
export function tokenRefused(detail: string) {
  return { status: 401, detail, headers: () => ({ 'WWW-Authenticate': challenge('invalid_token') }) } as const
}

/** What only the routes of other faces can run into: in the words that FastAPI has for a status. */
export function notHere(status: 400 | 404 | 409 = 400) {
  const words = { 400: 'Bad Request', 404: 'Not Found', 409: 'Conflict' } as const
  return { status, detail: words[status] } as const
}
