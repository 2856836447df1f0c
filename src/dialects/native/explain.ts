import { z } from '@hono/zod-openapi'
import type { Question } from '../../core/explain/explain.ts'
import { callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { explainBehind } from './explain-behind.ts'
import { ruleSchema, stepOf, stepSchema, verdictOf } from './explanation.ts'
import { answers, instant, keyId } from './schemas.ts'

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
      host: z.string().max(255).optional(),
      address: z.union([z.ipv4(), z.ipv6()], 'An IPv4 or IPv6 address.').optional(),
      at: instant.optional(),
    }),
  },
  answers: answers(
    z.object({
      verdict: z.enum(['allowed', 'refused']),
      code: z.string().nullable(),
      message: z.string().nullable(),
      permission: z.string().nullable().openapi({ description: 'What a route of ours asks of a token.' }),
      rule: ruleSchema
        .nullable()
        .openapi({ description: "The operator's rule, for a call behind the gateway." }),
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
    const call = {
      credential,
      address: body.address ?? callerOf(c).address,
      at: body.at ?? c.env.service.now(),
    }
    const path = body.path.replace(/[?#].*$/, '').replace(/(.)\/$/, '$1')
    const { routes, behind } = c.get('house')
    if (behind?.proxy !== undefined && !routes.owns(path)) {
      const asked = { call, behind, method, host: body.host, target: body.path }
      return answer(c, await explainBehind(c.env.service.explain, asked))
    }
    const route = routes.find(method, path)
    const needed = route?.permission === undefined ? [] : [route.permission]
    const { steps, failure } = await c.env.service.explain({ ...call, needed })
    const routed = stepOf('route', routeFailure(c, { method, path }))
    return answer(c, {
      ...verdictOf(failure ?? routeFailure(c, { method, path })),
      permission: route?.permission ?? null,
      rule: null,
      steps: [
        ...steps.map(({ rule, failure: refusal }) => stepOf(rule, refusal)),
        ...(failure ? [] : [routed]),
      ],
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
  const { routes } = c.get('house')
  if (routes.find(method, path) !== undefined) return undefined
  const known = routes.methodsOf(path).length > 0
  return { reason: known ? ('method_not_allowed' as const) : ('route_unknown' as const) }
}
