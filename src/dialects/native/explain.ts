import { z } from '@hono/zod-openapi'
import type { Question } from '../../core/explain/explain.ts'
import { rules } from '../../core/explain/trace.ts'
import type { Failure } from '../../core/failure.ts'
import { callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { spellings } from './refuse.ts'
import { answers, instant, keyId } from './schemas.ts'

const stepSchema = z.object({
  rule: z.enum(['route', ...rules]),
  outcome: z.enum(['passed', 'refused']),
  code: z.string().nullable().openapi({ description: 'The stable code of the refusal.' }),
  message: z.string().nullable(),
})

export const explainEndpoint = endpoint({
  method: 'post',
  path: '/explain',
  permission: 'audit:read',
  tag: 'Explain',
  summary: 'Say what would happen to a call, and why',
  description:
    'The rules are asked as they are for a real call, in the same order, and nothing is counted or written. Give one of token, api_key and key_id; address and at default to your own and to now.',
  request: {
    body: z.strictObject({
      token: z.string().max(8192).optional(),
      api_key: z.string().max(4096).optional(),
      key_id: keyId.optional(),
      method: z
        .string()
        .regex(/^[A-Za-z]{1,20}$/, 'A method like GET.')
        .default('GET'),
      path: z.string().startsWith('/', 'A path begins with a slash.').max(2000),
      address: z.union([z.ipv4(), z.ipv6()], 'An IPv4 or IPv6 address.').optional(),
      at: instant.optional(),
    }),
  },
  answers: answers(
    z.object({
      verdict: z.enum(['allowed', 'refused']),
      code: z.string().nullable(),
      message: z.string().nullable(),
      permission: z.string().nullable().openapi({ description: 'What the route asks of a token.' }),
      steps: z.array(stepSchema),
    }),
    { errors: [400, 401, 403, 503] },
  ),
  async handle(c, { body }) {
    const credential = readCredential(body)
    if (credential === undefined) {
      const message = 'Give one of token, api_key and key_id.'
      return refused(c, { reason: 'request_invalid', details: [{ field: '', message }] })
    }
    const method = body.method.toUpperCase()
    const path = body.path.replace(/[?#].*$/, '').replace(/(.)\/$/, '$1')
    const route = c.get('routes').find(method, path)
    const { steps, failure } = await c.env.service.explain({
      credential,
      needed: route?.permission === undefined ? [] : [route.permission],
      address: body.address ?? callerOf(c).address,
      at: body.at ?? c.env.service.now(),
    })
    const spelledSteps = steps.map(({ rule, failure: refusal }) => ({ rule, ...outcomeOf(refusal) }))
    const routed = { rule: 'route' as const, ...outcomeOf(routeFailure(c, { method, path })) }
    const verdict = failure === undefined ? routed : outcomeOf(failure)
    return answer(c, {
      verdict: verdict.outcome === 'passed' ? 'allowed' : 'refused',
      code: verdict.code,
      message: verdict.message,
      permission: route?.permission ?? null,
      steps: failure === undefined ? [...spelledSteps, routed] : spelledSteps,
    })
  },
})

function readCredential(body: {
  readonly token?: string | undefined
  readonly api_key?: string | undefined
  readonly key_id?: string | undefined
}): Question['credential'] | undefined {
  const given: readonly (Question['credential'] | undefined)[] = [
    body.token === undefined ? undefined : { kind: 'token', token: body.token },
    body.api_key === undefined ? undefined : { kind: 'api_key', apiKey: body.api_key },
    body.key_id === undefined ? undefined : { kind: 'key_id', keyId: body.key_id },
  ]
  const [credential, ...more] = given.filter((one) => one !== undefined)
  return more.length === 0 ? credential : undefined
}

function routeFailure(
  c: GatewayContext,
  { method, path }: { readonly method: string; readonly path: string },
) {
  if (c.get('routes').find(method, path) !== undefined) return undefined
  const known = c.get('routes').methodsOf(path).length > 0
  return { reason: known ? ('method_not_allowed' as const) : ('route_unknown' as const) }
}

function outcomeOf(
  refusal: { readonly reason: Failure['reason'] | 'route_unknown' | 'method_not_allowed' } | undefined,
) {
  if (refusal === undefined) return { outcome: 'passed' as const, code: null, message: null }
  const { code, message } = spellings[refusal.reason]
  return { outcome: 'refused' as const, code, message }
}
