import { z } from '@hono/zod-openapi'
import type { AccountView } from '../../core/accounts/account-view.ts'
import { parseEmail } from '../../core/accounts/email.ts'
import { newUser } from '../../core/accounts/new-user.ts'
import { parsePhone } from '../../core/accounts/phone.ts'
import { callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { answer } from './answer.ts'
import { captchaField, captchaTokenOf } from './captcha-token.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { flowFields, flowQuery, newcomersLocale, readFlow } from './link-flow.ts'
import { channelField, contactFields, readContact } from './read-contact.ts'
import { refused } from './refuse.ts'
import { metadata, password, sessionSchema, userSchema } from './schemas.ts'
import { answerSession } from './session-object.ts'
import { spellUser } from './user-object.ts'

const body = z.object({
  ...contactFields,
  ...channelField,
  ...flowFields,
  ...captchaField,
  password: password.default(''),
  data: metadata.default({}),
})

export const signUpEndpoint = endpoint({
  method: 'post',
  path: '/signup',
  summary: 'Sign up, or sign in without saying who one is',
  description:
    'Answers a session, or the bare user where the contact has to be confirmed first. Without email and phone it is an anonymous sign-in.',
  request: { query: flowQuery, body },
  answer: z.union([sessionSchema, userSchema]),
  errors: [400, 413, 422, 429, 503],
  async handle(c, { body: given }) {
    const contact = readContact(given, 'Only an email address or phone number should be provided on signup.')
    if (!contact.ok) return deny(c, contact.failure)
    const locale = newcomersLocale(c, given.data)
    const captcha = captchaTokenOf(given)
    if (contact.value === undefined) {
      const tokens = await c.env.service.signInAnonymously(
        { metadata: given.data, locale, captcha },
        callerOf(c),
      )
      return tokens.ok ? answerSession(c, tokens.value) : refused(c, tokens.failure)
    }
    if (c.env.service.policy.supabase.signup === 'closed')
      return refused(c, { reason: 'registration_closed' })
    if (given.password === '') {
      const message = 'Signup requires a valid password'
      return deny(c, { status: 400, code: 'validation_failed', message })
    }
    const flow = readFlow(c, given)
    if (!flow.ok) return deny(c, flow.failure)
    const signed = await c.env.service.signUp(
      {
        contact: contact.value,
        password: given.password,
        metadata: given.data,
        locale,
        flow: flow.value,
        captcha,
      },
      callerOf(c),
    )
    if (!signed.ok) return refused(c, signed.failure)
    if (signed.value.kind === 'tokens') return answerSession(c, signed.value.tokens)
    if (signed.value.kind === 'known') return answer(c, inventedUser(c, given))
    const view = await c.env.service.readAccountView(signed.value.userId)
    if (!view.ok) return refused(c, view.failure)
    const { isNew } = signed.value
    return answer(c, isNew ? spellUser(view.value) : inventedUser(c, given, view.value))
  },
})

/**
 * Whoever asks with the address of somebody else gets the user that they would have become. Of one who waits the id and the
 * identity are their own: all else of their account is not a stranger's to read.
 */
function inventedUser(c: GatewayContext, given: z.output<typeof body>, waiting?: AccountView) {
  const now = c.env.service.now()
  const said = { name: undefined, surname: undefined, phone: undefined, avatarUrl: undefined }
  const user = newUser(
    { ...said, email: parseEmail(given.email), username: undefined, locale: undefined, metadata: given.data },
    { id: waiting?.user.id ?? c.env.service.newRequestId(), roleId: '', passwordHash: undefined, now },
  )
  const sent = {
    confirmationAt: now,
    recoveryAt: undefined,
    reauthenticationAt: undefined,
    emailChange: undefined,
    phoneChange: undefined,
  }
  const signInPhone = parsePhone(given.phone)
  const identities = (waiting?.identities ?? [])
    .filter(({ provider }) => provider === (user.email === undefined ? 'phone' : 'email'))
    .map(({ data: { sub, email, phone }, ...identity }) => ({
      ...identity,
      data: {
        sub,
        ...(email === undefined ? { phone } : { email }),
        email_verified: false,
        phone_verified: false,
      },
      createdAt: now,
      updatedAt: now,
      lastSignInAt: undefined,
    }))
  const claimRole = waiting === undefined ? '' : user.claimRole
  return spellUser({ user: { ...user, signInPhone, claimRole }, identities, factors: [], sent })
}
