import { z } from '@hono/zod-openapi'
import { fail, ok, type Result } from '../../core/result.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { Endpoint, Method, Parsed, RequestSchemas } from '../../http/mount.ts'
import { parseInput } from '../../http/parse-input.ts'
import type { HttpFailure } from '../../http/refusal.ts'
import { admitApplicationKey } from './application-key.ts'
import { readBody } from './read-body.ts'
import { refused } from './refuse.ts'

export interface EndpointSpec<S extends RequestSchemas> {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** What is read of the request; a part that is left out is not read. Fields that are not named are passed over. */
  readonly request?: S
  /** True where no body at all will do: it reads as an empty object. */
  readonly emptyIsFine?: true
  /** For the API description; undefined for an answer of nothing. */
  readonly answer: z.ZodType | undefined
  /** True for a page's address: it answers by sending the browser on. */
  readonly sendsOn?: true
  readonly errors: readonly number[]
  readonly handle: (c: GatewayContext, parsed: Parsed<S>) => Promise<Response>
}

const errorSchema = z.object({ code: z.string(), message: z.string() }).openapi('SupabaseError', {
  example: { code: 'invalid_credentials', message: 'Invalid login credentials' },
})

/**
 * One endpoint of this face. It is open to a session without the second factor that its role asks for: here that factor
 * is set up and shown within the session, which permits nothing before.
 */
export function endpoint<S extends RequestSchemas = Record<never, never>>(spec: EndpointSpec<S>): Endpoint {
  const { params, query, body } = spec.request ?? {}
  return {
    method: spec.method,
    path: spec.path,
    permission: undefined,
    isEnrolment: true,
    description: {
      tags: ['Supabase Auth'],
      summary: spec.summary,
      ...(spec.description !== undefined && { description: spec.description }),
      request: {
        ...(params && { params }),
        ...(query && { query }),
        ...(body && { body: { content: { 'application/json': { schema: body } } } }),
      },
      responses: responsesOf(spec),
    },
    async handle(c) {
      const named = await admitApplicationKey(c)
      if (!named.ok) return refused(c, named.failure)
      const parsed = await readParts<S>(c, spec)
      return parsed.ok ? spec.handle(c, parsed.value) : refused(c, parsed.failure)
    },
  }
}

function responsesOf({
  answer,
  sendsOn,
  errors,
}: Pick<EndpointSpec<RequestSchemas>, 'answer' | 'sendsOn' | 'errors'>) {
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  const good = sendsOn
    ? { 303: { description: 'Sent on' } }
    : answer === undefined
      ? { 204: { description: 'Done' } }
      : undefined
  const told = answer && { 200: { description: 'Success', content: json(answer) } }
  const bad = errors.map((status) => [status, { description: 'Refused', content: json(errorSchema) }])
  return { ...good, ...told, ...Object.fromEntries(bad) }
}

async function readParts<S extends RequestSchemas>(
  c: GatewayContext,
  { request = {} as S, emptyIsFine }: Pick<EndpointSpec<S>, 'request' | 'emptyIsFine'>,
): Promise<Result<Parsed<S>, HttpFailure>> {
  const params = parse(request.params, c.req.param())
  if (!params.ok) return params
  const query = parse(request.query, c.req.query())
  if (!query.ok) return query
  const read =
    request.body === undefined ? ok(undefined) : await readBody(c, { emptyIsFine: emptyIsFine === true })
  if (!read.ok) return read
  const body = parse(request.body, read.value)
  if (!body.ok) return body
  // Each part went through the schema that its type is derived from.
  return ok({ params: params.value, query: query.value, body: body.value } as Parsed<S>)
}

function parse(schema: z.ZodType | undefined, input: unknown): Result<unknown, HttpFailure> {
  if (schema === undefined) return ok(undefined)
  const parsed = parseInput(schema, input)
  if (parsed.ok) return parsed
  const details = parsed.failure
    .slice(0, 20)
    .map(({ path, message }) => ({ field: path.map(String).join('.'), message }))
  return fail({ reason: 'request_invalid', details })
}
