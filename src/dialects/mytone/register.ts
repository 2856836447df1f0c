import { z } from '@hono/zod-openapi'
import { parseEmail } from '../../core/accounts/email.ts'
import { isUsername } from '../../core/accounts/username.ts'
import { callerOf } from '../../http/caller.ts'
import { invalidEmail, invalidUsername } from './account-spellings.ts'
import { answer, spellTokens } from './answer.ts'
import { captchaToken, detailSchema, endpoint, tokensSchema } from './endpoint.ts'
import { readBody } from './read-body.ts'
import { refused } from './refuse.ts'
import { spellUser, userSchema } from './user-object.ts'

const ownName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{C}]*$/u, 'Input should have no control characters')

/** Fields beside these are passed over, as Pydantic does: none of them is ever looked at. */
const registrationSchema = z
  .object({
    name: ownName,
    surname: ownName,
    email: z.string().refine((text) => parseEmail(text) !== undefined, invalidEmail),
    username: z.string().refine(isUsername, invalidUsername),
    password: z.string(),
    captcha_token: captchaToken,
  })
  .openapi({
    example: {
      name: 'Ada',
      surname: 'Lovelace',
      email: 'ada@example.com',
      username: 'ada',
      password: 'fifteen characters or more',
    },
  })

export const registerEndpoint = endpoint({
  method: 'post',
  path: '/register',
  summary: 'Register a person, and sign them in',
  description:
    'With EMAIL_CONFIRMATION=required nobody is signed in before the address is confirmed: the answer is a 202, the same for an address that has an account. Not where REGISTRATION is closed.',
  body: { 'application/json': registrationSchema },
  answers: { 201: tokensSchema.extend({ user: userSchema }), 202: detailSchema },
  errors: [400, 403, 409, 413, 415, 422, 429, 503],
  async handle(c) {
    const body = await readBody(c, registrationSchema)
    if (!body.ok) return refused(c, body.failure)
    const { captcha_token: captcha, ...own } = body.value
    const unsaid = { phone: undefined, locale: undefined, avatarUrl: undefined, metadata: {} }
    const arrived = await c.env.service.registerAndSignIn(
      { ...own, ...unsaid, captcha, face: 'mytone' },
      callerOf(c),
    )
    if (!arrived.ok) return refused(c, arrived.failure)
    if (arrived.value.kind === 'confirmation_due') {
      return answer(c, { detail: 'Email confirmation required' }, 202)
    }
    const { tokens, person } = arrived.value
    c.set('userId', tokens.userId)
    return answer(c, { user: spellUser(person), ...spellTokens(tokens) }, 201)
  },
})
