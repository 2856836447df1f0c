import { z } from '@hono/zod-openapi'
import type { Contact } from '../../core/accounts/contact.ts'
import { actorOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { flowFields, flowQuery, readFlow } from './link-flow.ts'
import { refused } from './refuse.ts'
import { email, metadata, password, phone, text, userSchema } from './schemas.ts'
import { spellUser } from './user-object.ts'

const body = z.looseObject({
  email: email.default(''),
  phone: phone.default(''),
  channel: z.enum(['sms', 'whatsapp'], 'sms or whatsapp.').default('sms'),
  password: password.optional(),
  current_password: text.optional(),
  nonce: text.default(''),
  data: metadata.optional(),
  ...flowFields,
  app_metadata: z.unknown().optional(),
})

export const updateUserEndpoint = endpoint({
  method: 'put',
  path: '/user',
  summary: 'Change the account',
  description:
    'Another address or number counts when it has been confirmed. A new password ends the other sessions. Of data null takes a member away.',
  request: { query: flowQuery, body },
  answer: userSchema,
  errors: [400, 401, 403, 422, 429, 503],
  async handle(c, { body: wanted }) {
    const { service } = c.env
    if (wanted.app_metadata !== undefined) {
      const message = 'Updating app_metadata requires admin privileges'
      return deny(c, { status: 403, code: 'not_admin', message })
    }
    const flow = readFlow(c, wanted)
    if (!flow.ok) return deny(c, flow.failure)
    const changed = await service.changeAccount(actorOf(c), {
      ...contactsOf(wanted),
      password: wanted.password,
      currentPassword: wanted.current_password,
      code: wanted.nonce || undefined,
      metadata: wanted.data,
      flow: flow.value,
    })
    if (!changed.ok) return refused(c, changed.failure)
    const view = await service.readAccountView(changed.value.userId)
    return view.ok ? answer(c, spellUser(view.value)) : refused(c, view.failure)
  },
})

type Contacts = { readonly [K in Contact['kind']]: Extract<Contact, { kind: K }> | undefined }

/** An empty one asks for nothing: there is no way to have none. */
function contactsOf(wanted: z.output<typeof body>): Contacts {
  return {
    email: wanted.email === '' ? undefined : { kind: 'email', email: wanted.email },
    phone: wanted.phone === '' ? undefined : { kind: 'phone', phone: wanted.phone, channel: wanted.channel },
  }
}
