import type { z } from 'zod'
import { fail, ok, type Result } from '../core/result.ts'

type Issue = z.core.$ZodIssue

/**
 * What a schema makes of what somebody sent, or its issues with it. A schema with a bound asks whatever has a `length` for it,
 * also where a text was wanted; one that is an object and can be no number throws. That is the sender's fault and not ours.
 */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  options?: z.core.ParseContext<Issue>,
): Result<z.output<S>, readonly Issue[]> {
  try {
    const parsed = schema.safeParse(input, options)
    return parsed.success ? ok(parsed.data) : fail(parsed.error.issues)
  } catch (error) {
    const path = error instanceof TypeError ? oddMember(input) : undefined
    if (path === undefined) throw error
    return fail([{ code: 'custom', path, message: 'Its length is no number.', input }])
  }
}

/** The member of an input that holds such a length, as a path; undefined where none does. */
function oddMember(input: unknown): string[] | undefined {
  if (hasOddLength(input)) return []
  const [name] = Object.entries(input ?? {}).find(([, member]) => holdsOddLength(member)) ?? []
  return name === undefined ? undefined : [name]
}

/** Without recursion: what was sent may nest as deep as its bytes allow. */
function holdsOddLength(value: unknown): boolean {
  const waiting = [value]
  while (waiting.length > 0) {
    const one = waiting.pop()
    if (hasOddLength(one)) return true
    if (typeof one === 'object' && one !== null) waiting.push(...Object.values(one))
  }
  return false
}

function hasOddLength(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('length' in value)) return false
  try {
    Number(value.length)
    return false
  } catch {
    return true
  }
}
