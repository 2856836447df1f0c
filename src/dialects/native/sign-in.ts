import { z } from '@hono/zod-openapi'
import { signOutScopes } from '../../core/accounts/sign-out.ts'
import { wholeSecondsText } from '../../core/moment-text.ts'
import type { PersonTokens } from '../../core/tokens/person-tokens.ts'
import { actorOf, callerOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { answers, answersNothing } from './schemas.ts'
import { captchaToken, password } from './user-schemas.ts'

const TAG = 'Accounts'

/** What a person is given who has signed in. */
export const personTokensSchema = z
  .object({
    access: z.string(),
    refresh: z.string(),
    access_expire: z.iso.datetime(),
    refresh_expire: z.iso.datetime(),
    token_type: z.literal('Bearer'),
  })
  .openapi('PersonTokens')

const secondFactorSchema = z.object({
  second_factor: z.object({
    challenge: z.string(),
    methods: z.array(z.string()),
    expire: z.iso.datetime(),
  }),
})

/** Answers the tokens of a person. */
export function answerPersonTokens(c: GatewayContext, tokens: PersonTokens): Response {
  c.set('userId', tokens.userId)
  return answer(c, {
    access: tokens.access,
    refresh: tokens.refresh,
    access_expire: wholeSecondsText(tokens.accessExpiresAt),
    refresh_expire: wholeSecondsText(tokens.refreshExpiresAt),
    token_type: 'Bearer',
  })
}

export const signInEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/login',
  tag: TAG,
  summary: 'Sign in by address or user name, and password',
  description:
    'Where a second factor is due the answer holds a challenge instead of tokens. After failures a captcha is asked for, where there is one.',
  request: {
    body: z
      .strictObject({ identifier: z.string('A text is needed.'), password, captcha_token: captchaToken })
      .openapi({ example: { identifier: 'ada@example.com', password: '<password>' } }),
  },
  answers: answers(z.union([personTokensSchema, secondFactorSchema]), {
    errors: [400, 401, 403, 413, 415, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const { identifier, password, captcha_token: captcha } = body
    const signedIn = await c.env.service.signIn({ identifier, password, captcha }, callerOf(c))
    if (!signedIn.ok) return refused(c, signedIn.failure)
    if (signedIn.value.kind === 'tokens') return answerPersonTokens(c, signedIn.value.tokens)
    const { due, userId } = signedIn.value
    c.set('userId', userId)
    const { challenge, methods, expiresAt } = due
    return answer(c, { second_factor: { challenge, methods, expire: wholeSecondsText(expiresAt) } })
  },
})

export const refreshPersonEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/refresh',
  tag: TAG,
  summary: 'Renew the tokens of a person',
  description:
    'The refresh token is replaced by the one in the answer. Whoever shows one that had been replaced before ends the session.',
  request: { body: z.strictObject({ refresh: z.string('A text is needed.') }) },
  answers: answers(personTokensSchema, { errors: [400, 401, 413, 415, 422, 429, 503] }),
  async handle(c, { body }) {
    const tokens = await c.env.service.refreshPerson(body.refresh, callerOf(c))
    return tokens.ok ? answerPersonTokens(c, tokens.value) : refused(c, tokens.failure)
  },
})

export const signOutEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/logout',
  isEnrolment: true,
  tag: TAG,
  summary: 'Sign out',
  description: 'Of this session, of all others, or of all. Their tokens end at once.',
  request: { body: z.strictObject({ scope: z.enum(signOutScopes).default('session') }) },
  answers: answersNothing([400, 401, 403, 413, 415, 422, 503]),
  async handle(c, { body }) {
    const ended = await c.env.service.signOut(actorOf(c), body.scope)
    return ended.ok ? answerNothing(c) : refused(c, ended.failure)
  },
})
