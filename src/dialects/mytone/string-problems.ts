import type { FieldProblem } from '../../http/refusal.ts'

type Problem = Omit<FieldProblem, 'field'>

/** A text below so many characters, as Pydantic says it. */
export function tooShort(bound: number): Problem {
  return { message: `String should have at least ${characters(bound)}`, code: 'string_too_short', bound }
}

/** A text above so many. */
export function tooLong(bound: number): Problem {
  return { message: `String should have at most ${characters(bound)}`, code: 'string_too_long', bound }
}

function characters(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`
}
