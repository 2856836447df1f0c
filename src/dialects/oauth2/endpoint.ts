import { z } from '@hono/zod-openapi'
import { type Form, readForm } from '../../http/form.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { Endpoint } from '../../http/mount.ts'
import { refused } from './refuse.ts'
import { repeatable } from './wishes.ts'

interface FormEndpoint {
  readonly path: string
  readonly summary: string
  readonly description: string
  /** For the API description: what the form and the answer hold. */
  readonly form: z.ZodObject
  readonly answer: z.ZodType
  readonly errors: readonly number[]
  readonly handle: (c: GatewayContext, form: Form) => Promise<Response>
}

const errorSchema = z
  .object({ error: z.string(), error_description: z.string() })
  .openapi('OAuthError', { example: { error: 'invalid_client', error_description: '…' } })

/** One endpoint of this face: a form comes, JSON goes. */
export function formEndpoint(spec: FormEndpoint): Endpoint {
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } })
  const refusals = spec.errors.map((status) => [
    status,
    { description: 'Refused', content: json(errorSchema) },
  ])
  return {
    method: 'post',
    path: spec.path,
    permission: undefined,
    description: {
      tags: ['OAuth 2.0'],
      summary: spec.summary,
      description: spec.description,
      request: { body: { content: { 'application/x-www-form-urlencoded': { schema: spec.form } } } },
      responses: {
        200: { description: 'Success', content: json(spec.answer) },
        ...Object.fromEntries(refusals),
      },
    },
    async handle(c) {
      const form = await readForm(c, { repeatable })
      return form.ok ? spec.handle(c, form.value) : refused(c, form.failure)
    },
  }
}

/** How a client shows itself in the form, when it does not in the Authorization header. */
export const clientFields = {
  client_id: z.string().optional().openapi({ description: 'The id of the client, or of the API key.' }),
  client_secret: z.string().optional().openapi({ description: 'The API key.' }),
}
