import type { Refusal } from '../../http/refusal.ts'
import type { Denial } from './deny.ts'

export type Reason = Refusal['reason']
type Of<R extends Reason> = Extract<Refusal, { reason: R }>

/** How one refusal looks on the wire of this face. */
export type Spelling<R extends Reason> = Denial | ((refusal: Of<R>) => Denial)
export type Spellings<R extends Reason> = { readonly [K in R]: Spelling<K> }

/** What only the management of keys, clients and roles can run into, which is at another face. */
export function notHere(status: 400 | 403 | 404 | 409 = 400): Denial {
  return { status, code: 'validation_failed', message: 'The request is not valid' }
}
