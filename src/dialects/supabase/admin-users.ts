import { z } from '@hono/zod-openapi'
import { idForms } from '../../core/page.ts'
import { actorOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { answerUser } from './answer-user.ts'
import { denyInvalid } from './deny.ts'
import { newcomersLocale } from './link-flow.ts'
import { pageHeaders, pageQuery, readPageQuery } from './page-query.ts'
import { refused } from './refuse.ts'
import { userSchema } from './schemas.ts'
import { serviceEndpoint } from './service-endpoint.ts'
import { spellUser, userAudience } from './user-object.ts'
import { readUserOrder, userOrder } from './user-order.ts'

export const listUsersEndpoint = serviceEndpoint({
  method: 'get',
  path: '/admin/users',
  summary: 'List users, newest first',
  request: { query: pageQuery },
  answer: z.object({ users: z.array(userSchema), aud: z.string() }),
  errors: [400],
  async handle(c, { query }) {
    const asked = readPageQuery(query)
    if (typeof asked === 'string') return denyInvalid(c, asked)
    const { accounts, total } = await c.env.service.pageAccounts(asked)
    const body = { users: accounts.map(spellUser), aud: userAudience }
    return answer(c, body, { headers: pageHeaders(asked, total) })
  },
})

export const createUserEndpoint = serviceEndpoint({
  method: 'post',
  path: '/admin/users',
  summary: 'Add a user',
  description:
    'Nothing is mailed, and the password is taken as it is. `password_hash` is argon2, bcrypt or scrypt.',
  request: { body: userOrder.extend({ id: z.string('A text is needed.').default('') }) },
  answer: userSchema,
  errors: [400, 413, 422],
  async handle(c, { body }) {
    const order = readUserOrder(body)
    if (!order.ok) return denyInvalid(c, order.failure)
    const { email, phone } = order.value
    if (email === undefined && phone === undefined) {
      return denyInvalid(c, 'Cannot create a user without either an email or phone')
    }
    const id = body.id === '' ? undefined : body.id.toLowerCase()
    if (id !== undefined && !idForms.uuid.test(id))
      return denyInvalid(c, 'ID must conform to the uuid format')
    const locale = newcomersLocale(c, order.value.userMetadata ?? {})
    const added = await c.env.service.provisionUser(actorOf(c), { ...order.value, id, locale })
    return added.ok ? answerUser(c, added.value.user.id) : refused(c, added.failure)
  },
})
