import type { GatewayContext } from '../../http/gateway-env.ts'
import type { Endpoint, Method, Parsed, RequestSchemas } from '../../http/mount.ts'
import { readRequest } from '../../http/read-request.ts'
import { causeOf, type Refusal } from '../../http/refusal.ts'
import { refuse } from './refuse.ts'
import type { answers, answersNothing } from './schemas.ts'

interface EndpointSpec<S extends RequestSchemas> {
  readonly method: Method
  readonly path: string
  readonly permission?: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly request: S
  readonly answers: ReturnType<typeof answers> | ReturnType<typeof answersNothing>
  readonly handle: (c: GatewayContext, parsed: Parsed<S>) => Promise<Response>
}

/** One native endpoint: the schemas that describe the request are the ones that parse it. */
export function endpoint<S extends RequestSchemas>(spec: EndpointSpec<S>): Endpoint {
  const { params, query, body } = spec.request
  return {
    method: spec.method,
    path: spec.path,
    permission: spec.permission,
    description: {
      tags: [spec.tag],
      summary: spec.summary,
      ...(spec.description !== undefined && { description: spec.description }),
      request: {
        ...(params && { params }),
        ...(query && { query }),
        ...(body && { body: { content: { 'application/json': { schema: body } } } }),
      },
      responses: spec.answers,
    },
    async handle(c) {
      const parsed = await readRequest(c, spec.request)
      return parsed.ok ? spec.handle(c, parsed.value) : refused(c, parsed.failure)
    },
  }
}

/**
 * One endpoint of people: as above, and what is wrong with a field of theirs is a 422, since a form can show it. A field
 * that is not known is refused and never passed over.
 */
export function accountEndpoint<S extends RequestSchemas>(spec: EndpointSpec<S>): Endpoint {
  const made = endpoint(spec)
  return {
    ...made,
    async handle(c) {
      const parsed = await readRequest(c, spec.request)
      if (parsed.ok) return spec.handle(c, parsed.value)
      const { failure } = parsed
      return refused(
        c,
        failure.reason === 'request_invalid' ? { ...failure, reason: 'fields_invalid' } : failure,
      )
    },
  }
}

/** Spells a refusal and leaves its reason for the log. */
export function refused(c: GatewayContext, refusal: Refusal): Response {
  c.set('refused', { reason: refusal.reason, cause: causeOf(refusal) })
  return refuse(c, refusal)
}
