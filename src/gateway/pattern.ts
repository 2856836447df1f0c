import { TrieRouter } from 'hono/router/trie-router'
import { fail, ok, type Result } from '../core/result.ts'

/** Plain text: what a path can hold, less what reads as an expression. */
const LITERAL = /^[A-Za-z0-9._~!$&'()+,=@-][A-Za-z0-9._~!$&'()+,=:@-]*$/
/** `:id`, `:id{[0-9]+}`, and with a `?` where it may be absent. */
const PARAMETER = /^:\w+(?:\{(.+)\})?(\?)?$/

/**
 * Spells an operator's pattern for the router, or says what is wrong with it. The router takes anything: `{id}` and
 * `*.key` as plain text that no path ever has, `:name.txt` as a parameter that takes every name, `{a|b}` as what begins
 * with the one or ends with the other. A rule that looks closed and is never reached, or takes more than it says, lets
 * calls fall where they should not.
 */
export function readPattern(text: string): Result<string, string> {
  const spelled: string[] = []
  let sawOptional = false
  const segments = text
    .replace(/(?<=.)\/$/, '')
    .split('/')
    .slice(1)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    const [isParameter, expression, mark] = PARAMETER.exec(segment) ?? []
    if (sawOptional && mark === undefined)
      return fail('may have nothing behind a parameter that may be absent')
    if (isParameter === undefined) {
      const problem = text === '/' ? undefined : problemOf(segment, isLast)
      if (problem !== undefined) return fail(problem)
      // Left at the end by a parameter that is absent, a `*` would take all that is below.
      spelled.push(segment === '*' && !isLast ? `:P${index}` : segment.toLowerCase())
      continue
    }
    sawOptional ||= mark !== undefined
    if (expression !== undefined && !isExpression(expression))
      return fail(`holds no expression: ${expression}`)
    // Matched paths are in lower case: no name that a client can send is taken for the parameter itself.
    const name = `:P${index}`
    spelled.push(`${name}${expression === undefined ? '' : `{(?i:${expression})}`}${mark ?? ''}`)
  }
  const pattern = `/${spelled.join('/')}`
  return isRoutable(pattern) ? ok(pattern) : fail('is no pattern')
}

function problemOf(segment: string, mayEndInStar: boolean): string | undefined {
  if (segment === '*') return undefined
  if (segment === '' || segment === '.' || segment === '..')
    return 'must have no empty segments and no dot segments'
  const text = mayEndInStar && segment.endsWith('*') ? segment.slice(0, -1) : segment
  if (LITERAL.test(text)) return undefined
  if (segment.startsWith('{')) return `must name a parameter like :id, not ${segment}`
  return `must hold plain segments, * at their end, :name and :name{expression}, not ${segment}`
}

function isExpression(text: string): boolean {
  try {
    // By itself: within a group of ours, `a)|(b` would be one as well.
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function isRoutable(pattern: string): boolean {
  try {
    new TrieRouter<string>().add('ALL', pattern, pattern)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
