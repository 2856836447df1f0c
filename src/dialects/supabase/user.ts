import { personOf } from '../../core/accounts/person-of.ts'
import { actorOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { endpoint } from './endpoint.ts'
import { refused } from './refuse.ts'
import { userSchema } from './schemas.ts'
import { spellUser } from './user-object.ts'

export const getUserEndpoint = endpoint({
  method: 'get',
  path: '/user',
  summary: 'Show the user who is signed in',
  answer: userSchema,
  errors: [401, 403, 503],
  async handle(c) {
    const person = personOf(actorOf(c))
    if (!person.ok) return refused(c, person.failure)
    const view = await c.env.service.readAccountView(person.value.userId)
    return view.ok ? answer(c, spellUser(view.value)) : refused(c, view.failure)
  },
})
