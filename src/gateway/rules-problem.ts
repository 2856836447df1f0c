import type { z } from 'zod'

/** Says what is wrong with a value that no message of the schema speaks of, so that it reads on from the value's path. */
export function problemOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') return `has no field ${(issue.keys as string[]).join(', ')}`
  if (issue.code === 'invalid_type') {
    const expected = names[String(issue['expected'])] ?? String(issue['expected'])
    return issue.input === undefined ? `is missing: ${expected}` : `must be ${expected}`
  }
  if (issue.code === 'too_small') return `must be at least ${issue['minimum']}`
  if (issue.code === 'too_big') return `must be at most ${issue['maximum']}`
  return 'cannot be used'
}

const names: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with fields',
  record: 'an object with fields',
}
