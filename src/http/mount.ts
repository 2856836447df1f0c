import type { RouteConfig } from '@hono/zod-openapi'
import type { z } from 'zod'
import type { Policy } from '../core/policy.ts'
import type { Principal } from '../core/tokens/verify.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { Page } from './page.ts'
import type { Refusal } from './refusal.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** What a dialect, and later the proxy and the console, are: a place and its endpoints. */
export interface Mount {
  /** As `/api/v1`; the operator's `BASE_PATH` comes before it. */
  readonly basePath: string
  readonly endpoints: readonly Endpoint[]
  /** Documents at `/.well-known/<name>`, which no BASE_PATH moves (RFC 8615 §3). */
  readonly wellKnown?: Readonly<Record<string, WellKnown>>
  /** Pages for people, which speak to this face and are there when it is. */
  readonly pages?: readonly Page[]
  /** The fields of answers that pages of any origin may read: for a face whose credentials no browser adds by itself. */
  readonly anyOriginReads?: readonly string[]
  /** Spells a refusal on the wire of this face. */
  readonly refuse: Refuse
}

export type Refuse = (c: GatewayContext, refusal: Refusal) => Response

/** One method on one path. It is closed unless it stands in the list of public routes. */
export interface Endpoint {
  readonly method: Method
  /** Below the mount's base path, in OpenAPI's form: `/clients/{id}/keys`. */
  readonly path: string
  /** What the caller's token must permit; undefined asks for any valid token. */
  readonly permission: string | undefined
  /** True for what somebody may call whose session lacks the second factor that their role asks for: to set it up. */
  readonly isEnrolment?: true
  readonly description: Pick<
    RouteConfig,
    'summary' | 'description' | 'request' | 'responses' | 'tags' | 'operationId'
  >
  readonly handle: (c: GatewayContext) => Promise<Response>
}

/** Writes a public document, given the URL below which the operator's BASE_PATH and the faces lie. */
export type WellKnown = (policy: Policy, baseUrl: string) => object

type Schema = z.ZodType

/** The schemas of a request's parts; a part that is left out is not read. */
export interface RequestSchemas {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: Schema
}

/** What a handler is given: each part as its schema leaves it. */
export interface Parsed<S extends RequestSchemas> {
  readonly params: Part<S['params']>
  readonly query: Part<S['query']>
  readonly body: Part<S['body']>
}

type Part<T> = T extends Schema ? z.output<T> : undefined

/** The principal that the guard has set; a public route has none and must not ask. */
export function principalOf(c: GatewayContext): Principal {
  const principal = c.get('principal')
  if (principal === undefined) throw new Error('A public route asked who is calling.')
  return principal
}
