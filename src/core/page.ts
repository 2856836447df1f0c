import { base64url } from 'jose'
import type { Failure } from './failure.ts'
import { fail, ok, type Result } from './result.ts'

/** Where a page starts: after this row, in the order of creation. */
export interface Position {
  readonly createdAt: Date
  readonly id: string
}

export interface Page {
  readonly limit: number
  readonly after: Position | undefined
}

export interface PageRequest {
  readonly limit: number
  /** The `nextCursor` of the page before. */
  readonly cursor: string | undefined
}

export interface Listing<T> {
  readonly items: readonly T[]
  /** Opaque; undefined on the last page. */
  readonly nextCursor: string | undefined
}

const TIME = /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The forms that an id in a cursor can have: nothing else may reach a statement. */
export const idForms = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  apiKey: /^[0-9A-Za-z]{12}$/,
} as const

/** Reads the cursor of an earlier answer. */
export function parsePage(
  { limit, cursor }: PageRequest,
  idForm: (typeof idForms)[keyof typeof idForms],
): Result<Page, Failure> {
  if (cursor === undefined) return ok({ limit, after: undefined })
  const [time = '', id = ''] = decode(cursor).split('|')
  const createdAt = new Date(time)
  if (!TIME.test(time) || Number.isNaN(createdAt.getTime()) || !idForm.test(id)) {
    return fail({ reason: 'cursor_invalid' })
  }
  return ok({ limit, after: { createdAt, id } })
}

/** Cuts one row too many off `rows`, which says that there is a next page. */
export function listing<T extends Position>(rows: readonly T[], limit: number): Listing<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  if (rows.length <= limit || last === undefined) return { items, nextCursor: undefined }
  return { items, nextCursor: base64url.encode(`${last.createdAt.toISOString()}|${last.id}`) }
}

function decode(cursor: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(base64url.decode(cursor))
  } catch {
    return ''
  }
}
