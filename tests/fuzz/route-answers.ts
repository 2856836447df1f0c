import { expect } from 'vitest'
import type { Answer } from '../support/call.ts'

/** What nobody is told: a stack, a statement, the place of a file, the name of an error's class. */
const inner =
  /SyntaxError|TypeError|RangeError|ZodError|PostgresError|DrizzleQuery|node_modules|\.ts:\d|\n\s+at |SQLSTATE|invalid input syntax|violates|relation "|column "|select .* from |insert into|sealed_|Failed query/i

const code = expect.stringMatching(/^[a-z][a-z_]*$/)
const message = expect.stringMatching(/\S/)

/** Errors as each face spells them; of the first that a path belongs to. */
const shapes: readonly (readonly [prefix: string, shapes: readonly object[]])[] = [
  ['/oauth2/', [{ error: code, error_description: message }]],
  [
    '/auth/v1/',
    [
      { code, message },
      { code: expect.any(Number), error_code: code, msg: message },
    ],
  ],
  [
    '/auth/',
    [{ detail: message }, { detail: expect.arrayContaining([expect.objectContaining({ msg: message })]) }],
  ],
  ['/', [{ error: expect.objectContaining({ code, message }), meta: expect.anything() }]],
]

/** Says what is wrong with an answer to whatever was asked; undefined where nothing is. */
export function faultOf(path: string, { status, headers, text, body }: Answer): string | undefined {
  if (status >= 500) return `a ${status}`
  if (headers.get('x-request-id') === null) return 'no request id'
  if (headers.get('x-content-type-options') !== 'nosniff') return 'no nosniff'
  const found = inner.exec(text)
  if (found !== null) return `it tells "${found[0]}"`
  if (status < 400 || text === '') return undefined
  // The Supabase face says it as upstream's router does.
  if (path.startsWith('/auth/v1/') && text === '404 page not found') return undefined
  if (!headers.get('content-type')?.startsWith('application/json')) return 'an error that is no JSON'
  const [, spellings = []] = shapes.find(([prefix]) => path.startsWith(prefix)) ?? []
  const isSpelled = spellings.some((shape) => isLike(body, shape))
  return isSpelled ? undefined : `an error of no face: ${text.slice(0, 200)}`
}

function isLike(value: unknown, shape: object): boolean {
  try {
    expect(value).toMatchObject(shape)
    return true
  } catch {
    return false
  }
}
