import { z } from '@hono/zod-openapi'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { Endpoint, Method } from '../../http/mount.ts'

interface MytoneEndpoint {
  readonly method: Method
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** For the API description: what the body holds, by its media type. */
  readonly body?: Readonly<Record<string, z.ZodObject>>
  /** What is answered, by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>
  readonly errors: readonly number[]
  readonly isEnrolment?: true
  readonly handle: (c: GatewayContext) => Promise<Response>
}

/** What the answers of this face are told to hold when they refuse. */
export const detailSchema = z.object({ detail: z.string() }).openapi('Detail')

const validationErrorSchema = z
  .object({
    detail: z.array(
      z.object({
        loc: z.array(z.union([z.string(), z.int()])),
        msg: z.string(),
        type: z.string(),
        ctx: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  })
  .openapi('HTTPValidationError')

export const tokensSchema = z
  .object({ access_token: z.string(), refresh_token: z.string(), token_type: z.literal('bearer') })
  .openapi('BearerTokens')

/** The answer to the operator's captcha, beside the fields of a body. */
export const captchaToken = z
  .string()
  .optional()
  .openapi({ description: 'The answer of the captcha, where the operator has one.' })

/** One endpoint of this face. */
export function endpoint(spec: MytoneEndpoint): Endpoint {
  const responses = { ...spec.answers, ...refusals(spec.errors) }
  return {
    method: spec.method,
    path: spec.path,
    permission: undefined,
    ...(spec.isEnrolment && { isEnrolment: true }),
    description: {
      tags: ['MyTone'],
      summary: spec.summary,
      ...(spec.description !== undefined && { description: spec.description }),
      ...(spec.body && { request: { body: { content: contents(spec.body) } } }),
      responses: Object.fromEntries(
        Object.entries(responses).map(([status, schema]) => [
          status,
          {
            description: Number(status) < 400 ? 'Success' : 'Refused',
            content: { 'application/json': { schema } },
          },
        ]),
      ),
    },
    handle: spec.handle,
  }
}

function refusals(errors: readonly number[]): Record<number, z.ZodType> {
  return Object.fromEntries(
    errors.map((status) => [status, status === 422 ? validationErrorSchema : detailSchema]),
  )
}

function contents(body: Readonly<Record<string, z.ZodObject>>) {
  return Object.fromEntries(Object.entries(body).map(([type, schema]) => [type, { schema }]))
}
