import { z } from '@hono/zod-openapi'
import type { LinkPurpose } from '../../core/accounts/one-time-link.ts'
import type { UserLink } from '../../core/accounts/user-links.ts'
import type { Failure } from '../../core/failure.ts'
import type { Result } from '../../core/result.ts'
import { actorOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { answerUser } from './answer-user.ts'
import { denyInvalid } from './deny.ts'
import { flowQuery, newcomersLocale, wantedRedirect } from './link-flow.ts'
import { refused } from './refuse.ts'
import { email, metadata, password, text, userSchema } from './schemas.ts'
import { serviceEndpoint } from './service-endpoint.ts'

const types = {
  signup: 'sign-up',
  invite: 'supabase-invite',
  magiclink: 'magic-link',
  recovery: 'recovery',
  email_change_current: 'supabase-email-change-current',
  email_change_new: 'supabase-email-change',
} as const satisfies Record<string, LinkPurpose>
type LinkType = keyof typeof types

const body = z.object({
  type: text.default(''),
  email: email.default(''),
  new_email: email.default(''),
  password: password.default(''),
  data: metadata.optional(),
  redirect_to: text.optional(),
})

export const generateLinkEndpoint = serviceEndpoint({
  method: 'post',
  path: '/admin/generate_link',
  summary: 'Make a link, to be brought to its owner by other ways',
  description:
    'Of a type signup, invite, magiclink, recovery, email_change_current or email_change_new. Nothing is mailed. Whoever has the answer can act as the user once.',
  request: { query: flowQuery, body },
  answer: userSchema.extend({
    action_link: z.string(),
    email_otp: z.string(),
    hashed_token: z.string(),
    verification_type: z.string(),
    redirect_to: z.string(),
  }),
  errors: [400, 404, 413, 422],
  async handle(c, { body: said }) {
    if (!isType(said.type)) return denyInvalid(c, `Invalid email action link type requested`)
    if (said.type === 'signup' && said.password === '')
      return denyInvalid(c, 'Signup requires a valid password')
    const minted = await mint(c, said.type, said)
    if (!minted.ok) return refused(c, minted.failure)
    const { user, link, purpose } = minted.value
    return answerUser(c, user.id, {
      action_link: link.address,
      email_otp: link.code,
      hashed_token: link.hash,
      verification_type: typeOf(purpose),
      redirect_to: link.token.redirectTo,
    })
  },
})

function mint(
  c: GatewayContext,
  type: LinkType,
  said: z.output<typeof body>,
): Promise<Result<UserLink, Failure>> {
  const { service } = c.env
  const { email: address, new_email: newEmail } = said
  const redirectTo = wantedRedirect(c, said.redirect_to)
  if (type === 'email_change_current' || type === 'email_change_new') {
    const mailbox = type === 'email_change_new' ? 'new' : 'current'
    return service.mintEmailChangeLink(actorOf(c), { email: address, newEmail, mailbox, redirectTo })
  }
  return service.mintUserLink(actorOf(c), {
    purpose: types[type],
    email: address,
    password: type === 'signup' ? said.password : undefined,
    userMetadata: said.data,
    locale: newcomersLocale(c, said.data ?? {}),
    redirectTo,
  })
}

function isType(type: string): type is LinkType {
  return Object.hasOwn(types, type)
}

/** As it came to be: of somebody who had to be added, a magic link confirms the address. */
function typeOf(purpose: LinkPurpose): string | undefined {
  return Object.entries(types).find(([, one]) => one === purpose)?.[0]
}
