import type { z } from 'zod'
import { fail, ok, type Result } from '../core/result.ts'
import { readJson } from './body.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { Parsed, RequestSchemas } from './mount.ts'
import { parseInput } from './parse-input.ts'
import type { FieldProblem, HttpFailure } from './refusal.ts'

/** Reads the parts of a request that `schemas` name. Each problem is told with its field, none with its value. */
export async function readRequest<S extends RequestSchemas>(
  c: GatewayContext,
  schemas: S,
): Promise<Result<Parsed<S>, HttpFailure>> {
  const params = parse(schemas.params, c.req.param())
  if (!params.ok) return params
  const query = parse(schemas.query, c.req.query())
  if (!query.ok) return query
  const json = schemas.body === undefined ? ok(undefined) : await readJson(c)
  if (!json.ok) return json
  const body = parse(schemas.body, json.value)
  if (!body.ok) return body
  // Each part went through the schema that its type is derived from.
  return ok({ params: params.value, query: query.value, body: body.value } as Parsed<S>)
}

function parse(schema: z.ZodType | undefined, input: unknown): Result<unknown, HttpFailure> {
  if (schema === undefined) return ok(undefined)
  const parsed = parseInput(schema, input)
  if (parsed.ok) return parsed
  return fail({ reason: 'request_invalid', details: parsed.failure.flatMap(fieldProblems).slice(0, 20) })
}

const PLAIN_NAME = /^[A-Za-z][A-Za-z_]{0,39}$/

function fieldProblems(issue: z.core.$ZodIssue): readonly FieldProblem[] {
  const field = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') return [{ field, message: issue.message }]
  // A name is the caller's own text: only one that cannot be a credential is said back.
  return issue.keys.map((name) => ({
    field: PLAIN_NAME.test(name) ? name : field,
    message: 'This field is not known here.',
  }))
}
