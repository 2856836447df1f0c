import type { FieldList } from '../../http/wire.ts'

/** The raw fields of undici as text; each byte is a character (RFC 9110 §5.5). */
export function fieldList(raw: readonly (Buffer | string)[]): string[] {
  return raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
}

/** How the upstream framed its answer. */
export interface AnswerFraming {
  /** False for a transfer coding other than `chunked`: it was never offered, and nothing here could undo it. */
  readonly isReadable: boolean
  readonly hasLength: boolean
  readonly isEventStream: boolean
}

export function readFraming(fields: FieldList): AnswerFraming {
  let isReadable = true
  let hasLength = false
  let isEventStream = false
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]?.toLowerCase()
    const value = fields[index + 1] ?? ''
    if (name === 'transfer-encoding') {
      isReadable = isReadable && value.toLowerCase() === 'chunked'
    } else if (name === 'content-length') {
      hasLength = true
    } else if (name === 'content-type') {
      isEventStream = /^text\/event-stream\s*(?:;|$)/i.test(value)
    }
  }
  return { isReadable, hasLength, isEventStream }
}

/** RFC 9110 §8.6: an answer of 204 has no length. */
export function withoutLength(fields: FieldList): string[] {
  return fields.filter((_, index) => fields[index - (index % 2)]?.toLowerCase() !== 'content-length')
}

/** RFC 9110 §6.5.1: what frames, routes, authenticates or describes a message means nothing after it. */
const NO_TRAILER =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|host|content-.*|cache-control|expires|age|vary|date|location|set-cookie|(?:www-)?auth.*|access-control-.*|x-(?:request-id|content-type-options|frame-options))$/i

/** The trailers that may be passed on, as pairs. */
export function passableTrailers(fields: FieldList): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    if (!NO_TRAILER.test(name)) pairs.push([name, fields[index + 1] ?? ''])
  }
  return pairs
}
