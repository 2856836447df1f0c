import { z } from '@hono/zod-openapi'
import { actorOf, callerOf } from '../../http/caller.ts'
import { answer, answerTokens } from './answer.ts'
import { detailSchema, endpoint, tokensSchema } from './endpoint.ts'
import { readBody } from './read-body.ts'
import { refused } from './refuse.ts'
import { spellUser, userSchema } from './user-object.ts'

const refreshSchema = z.object({ refresh_token: z.string() })

export const refreshEndpoint = endpoint({
  method: 'post',
  path: '/refresh',
  summary: 'Renew the tokens of a person',
  description:
    'The refresh token is replaced by the one in the answer. All who show one token at once get the same successor; whoever shows one from before that ends the session.',
  body: { 'application/json': refreshSchema },
  answers: { 200: tokensSchema },
  errors: [401, 413, 415, 422, 429, 503],
  async handle(c) {
    const body = await readBody(c, refreshSchema)
    if (!body.ok) return refused(c, body.failure)
    const tokens = await c.env.service.refreshPerson(body.value.refresh_token, callerOf(c))
    return tokens.ok ? answerTokens(c, tokens.value) : refused(c, tokens.failure)
  },
})

export const meEndpoint = endpoint({
  method: 'get',
  path: '/me',
  isEnrolment: true,
  summary: 'Say who has signed in',
  answers: { 200: userSchema },
  errors: [401, 403, 503],
  async handle(c) {
    const person = await c.env.service.readProfile(actorOf(c))
    return person.ok ? answer(c, spellUser(person.value)) : refused(c, person.failure)
  },
})

export const signOutEndpoint = endpoint({
  method: 'post',
  path: '/logout',
  isEnrolment: true,
  summary: 'Sign out: end this session',
  description: 'Its refresh token and all its access tokens end at once.',
  answers: { 200: detailSchema },
  errors: [401, 403, 503],
  async handle(c) {
    const ended = await c.env.service.signOut(actorOf(c), 'session')
    return ended.ok ? answer(c, { detail: 'Signed out' }) : refused(c, ended.failure)
  },
})
