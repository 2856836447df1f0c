import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { bareChallenge, challenge } from '../../http/challenge.ts'
import type { FieldProblem, Refusal } from '../../http/refusal.ts'

export type Reason = Refusal['reason']

/** How one refusal looks on the wire: the status, the stable code, the words, and what comes with them. */
export interface Spelling<R extends Reason> {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly message: string
  readonly details?: (refusal: Extract<Refusal, { reason: R }>) => readonly FieldProblem[] | undefined
  readonly headers?: (refusal: Extract<Refusal, { reason: R }>) => Readonly<Record<string, string>>
}

export type Spellings<R extends Reason> = { readonly [K in R]: Spelling<K> }

/** A 401 that no token came with. */
export const challenged = () => ({ 'WWW-Authenticate': bareChallenge })

/** A 401 for a token that was looked at. */
export const tokenChallenged = () => ({ 'WWW-Authenticate': challenge('invalid_token') })
