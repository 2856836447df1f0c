import { z } from '@hono/zod-openapi'
import { idForms } from '../../core/page.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { actorOf } from '../../http/caller.ts'
import { noUserId, readUserId, userParams } from './admin-user.ts'
import { answer } from './answer.ts'
import { deny, denyInvalid } from './deny.ts'
import { refused } from './refuse.ts'
import { serviceEndpoint } from './service-endpoint.ts'
import { isShownFactor, spellFactor } from './user-object.ts'

const factorParams = userParams.extend({ factor_id: z.string().openapi({ description: "The factor's id." }) })
const factorSchema = z.looseObject({ id: z.uuid(), status: z.enum(['verified', 'unverified']) })

/** Both ids as the database takes them, or which of them is none. */
function readIds(
  params: z.output<typeof factorParams>,
): Result<{ readonly userId: string; readonly factorId: string }, 'user' | 'factor'> {
  const userId = readUserId(params)
  if (userId === undefined) return fail('user')
  const factorId = params.factor_id.toLowerCase()
  return idForms.uuid.test(factorId) ? ok({ userId, factorId }) : fail('factor')
}

const noFactorId = { status: 404, code: 'validation_failed', message: 'factor_id must be an UUID' } as const

export const listUserFactorsEndpoint = serviceEndpoint({
  method: 'get',
  path: '/admin/users/{id}/factors',
  summary: 'List the second factors of a user',
  request: { params: userParams },
  answer: z.array(factorSchema),
  errors: [404],
  async handle(c, { params }) {
    const id = readUserId(params)
    if (id === undefined) return noUserId(c)
    const factors = await c.env.service.listUserFactors(id)
    if (!factors.ok) return refused(c, factors.failure)
    return answer(c, factors.value.filter(isShownFactor).map(spellFactor))
  },
})

export const renameUserFactorEndpoint = serviceEndpoint({
  method: 'put',
  path: '/admin/users/{id}/factors/{factor_id}',
  summary: 'Call a second factor of a user otherwise',
  request: {
    params: factorParams,
    body: z.object({
      friendly_name: z
        .string('A text is needed.')
        .trim()
        .max(100, 'At most 100 characters.')
        .refine((name) => name.isWellFormed() && !/\p{Cc}/u.test(name), 'A text without control characters.')
        .default(''),
    }),
  },
  answer: factorSchema,
  errors: [400, 404, 413, 422],
  async handle(c, { params, body }) {
    const ids = readIds(params)
    if (!ids.ok) return ids.failure === 'user' ? noUserId(c) : deny(c, noFactorId)
    if (body.friendly_name === '') return denyInvalid(c, 'A friendly_name is needed')
    const order = { ...ids.value, name: body.friendly_name }
    const renamed = await c.env.service.renameUserFactor(actorOf(c), order)
    return renamed.ok ? answer(c, spellFactor(renamed.value)) : refused(c, renamed.failure)
  },
})

export const removeUserFactorEndpoint = serviceEndpoint({
  method: 'delete',
  path: '/admin/users/{id}/factors/{factor_id}',
  summary: 'Take a second factor from a user',
  request: { params: factorParams },
  answer: factorSchema,
  errors: [404],
  async handle(c, { params }) {
    const ids = readIds(params)
    if (!ids.ok) return ids.failure === 'user' ? noUserId(c) : deny(c, noFactorId)
    const removed = await c.env.service.removeUserFactor(actorOf(c), ids.value)
    return removed.ok ? answer(c, spellFactor(removed.value)) : refused(c, removed.failure)
  },
})
