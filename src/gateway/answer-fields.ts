import type { FieldList } from '../http/wire.ts'
import { plainName } from './forbidden-fields.ts'
import { endToEnd, fieldValue } from './hop-by-hop.ts'
import { viaValue } from './request-fields.ts'
import type { RouteRule } from './rules.ts'

/**
 * The fields of an upstream's answer that its client gets: without those of the hop between us, with the request's id
 * and what the client's key must be told. An answer that a credential was needed for is kept by no shared cache, unless
 * the upstream itself says how (RFC 9111 §3.5).
 */
export function answerFields(
  fields: FieldList,
  { rule, own }: { readonly rule: RouteRule; readonly own: FieldList },
): FieldList {
  const written = new Set(Object.keys(rule.answerFields.set).map(plainName))
  let isCrossOriginOurs = false
  for (let index = 0; index < own.length; index += 2) {
    const name = (own[index] as string).toLowerCase()
    // These may stand beside the upstream's.
    if (name !== 'vary' && name !== 'link') written.add(name)
    isCrossOriginOurs ||= isCrossOrigin(name)
  }
  const kept = endToEnd(fields, (plain) => {
    // One policy or the other: to the pages that the operator named, the upstream's would let cookies be sent.
    if (isCrossOriginOurs && isCrossOrigin(plain)) return true
    return written.has(plain) || plain === 'x-request-id' || rule.answerFields.remove.includes(plain)
  })
  const via = fieldValue(kept, 'via')
  kept.push(...own)
  if (via === undefined) kept.push('Via', viaValue)
  if (!rule.isPublic) {
    kept.push('Vary', rule.credentials.includes('api_key') ? 'Authorization, X-API-Key' : 'Authorization')
    const isSaid = written.has('cache-control') || fieldValue(kept, 'cache-control') !== undefined
    if (!isSaid) kept.push('Cache-Control', 'no-store')
  }
  for (const [name, value] of Object.entries(rule.answerFields.set)) kept.push(name, value)
  return kept
}

function isCrossOrigin(plain: string): boolean {
  return plain.startsWith('access-control-')
}
