import type { z } from 'zod'
import { fail, type Result } from '../../core/result.ts'
import { readJson } from '../../http/body.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { parseInput } from '../../http/parse-input.ts'
import type { FieldProblem, HttpFailure } from '../../http/refusal.ts'
import { tooLong, tooShort } from './string-problems.ts'

/** Reads a JSON body. All that is wrong with it is told at once, in the words and types of Pydantic 2. */
export async function readBody<S extends z.ZodObject>(
  c: GatewayContext,
  schema: S,
): Promise<Result<z.output<S>, HttpFailure>> {
  const json = await readJson(c)
  return json.ok ? parseBody(schema, json.value) : json
}

/** The same of a body that has been taken apart already. */
export function parseBody<S extends z.ZodObject>(schema: S, body: unknown): Result<z.output<S>, HttpFailure> {
  const parsed = parseInput(schema, body)
  if (parsed.ok) return parsed
  return fail({
    reason: 'fields_invalid',
    details: parsed.failure.map((issue) => ({
      field: issue.path.map(String).join('.'),
      ...problemOf(issue, body),
    })),
  })
}

function problemOf(issue: z.core.$ZodIssue, body: unknown): Omit<FieldProblem, 'field'> {
  if (issue.code === 'too_small') return tooShort(Number(issue.minimum))
  if (issue.code === 'too_big') return tooLong(Number(issue.maximum))
  if (issue.code !== 'invalid_type') return { message: issue.message, code: 'value_error' }
  const [name] = issue.path
  if (name === undefined) {
    const message = 'Input should be a valid dictionary or object to extract fields from'
    return { message, code: 'model_attributes_type' }
  }
  // A field of the body was at fault, so the body is an object.
  return Object.hasOwn(body as object, name)
    ? { message: 'Input should be a valid string', code: 'string_type' }
    : { message: 'Field required', code: 'missing' }
}
