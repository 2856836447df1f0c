import type { GatewayContext } from '../../http/gateway-env.ts'
import { answer } from './answer.ts'
import { refused } from './refuse.ts'
import { spellUser } from './user-object.ts'

/** Answers the user object of an account, with what else there is to say beside its fields. */
export async function answerUser(c: GatewayContext, userId: string, beside: object = {}): Promise<Response> {
  const view = await c.env.service.readAccountView(userId)
  return view.ok ? answer(c, { ...spellUser(view.value), ...beside }) : refused(c, view.failure)
}
