import { z } from '@hono/zod-openapi'
import { fail, ok, type Result } from '../../core/result.ts'
import { callerOf } from '../../http/caller.ts'
import { type Form, readForm } from '../../http/form.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { HttpFailure } from '../../http/refusal.ts'
import { answerTokens } from './answer.ts'
import { captchaToken, endpoint, tokensSchema } from './endpoint.ts'
import { parseBody, readBody } from './read-body.ts'
import { refused } from './refuse.ts'

const signInSchema = z
  .object({ identifier: z.string(), password: z.string(), captcha_token: captchaToken })
  .openapi({ example: { identifier: 'ada@example.com', password: '<password>' } })

/** What FastAPI's `OAuth2PasswordRequestForm` reads, and of that what we have a use for. */
const formSchema = z.object({ username: z.string(), password: z.string(), captcha_token: captchaToken })

export const signInEndpoint = endpoint({
  method: 'post',
  path: '/login',
  summary: 'Sign in by address or user name, and password',
  description:
    'As JSON, or as the form that an OAuth 2 password flow sends. Somebody with a second factor is refused with a 403: they sign in where it can be asked for.',
  body: {
    'application/json': signInSchema,
    'application/x-www-form-urlencoded': formSchema.extend({ grant_type: z.literal('password').optional() }),
  },
  answers: { 200: tokensSchema },
  errors: [400, 401, 403, 413, 415, 422, 429, 503],
  async handle(c) {
    const request = isForm(c) ? await readSignInForm(c) : await readBody(c, signInSchema)
    if (!request.ok) return refused(c, request.failure)
    const { captcha_token: captcha, ...credentials } = request.value
    const signedIn = await c.env.service.signIn({ ...credentials, captcha, face: 'mytone' }, callerOf(c))
    if (!signedIn.ok) return refused(c, signedIn.failure)
    if (signedIn.value.kind === 'tokens') return answerTokens(c, signedIn.value.tokens)
    c.set('userId', signedIn.value.userId)
    return refused(c, { reason: 'second_factor_required', by: 'code' })
  },
})

function isForm(c: GatewayContext): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(c.env.header('content-type') ?? '')
}

async function readSignInForm(
  c: GatewayContext,
): Promise<Result<z.output<typeof signInSchema>, HttpFailure>> {
  const form = await readForm(c, { repeatable: [] })
  if (!form.ok) return form.failure.reason === 'body_malformed' ? fail(formMalformed) : form
  const grantType = form.value.one('grant_type')
  if (grantType !== undefined && grantType !== 'password') return fail({ reason: 'grant_type_unsupported' })
  const fields = parseBody(formSchema, sent(form.value, ['username', 'password', 'captcha_token']))
  if (!fields.ok) return fields
  const { username: identifier, ...rest } = fields.value
  return ok({ identifier, ...rest })
}

// A form that cannot be read is no JSON that cannot be.
const formMalformed: HttpFailure = {
  reason: 'fields_invalid',
  details: [{ field: '', message: 'The form is not well formed', code: 'value_error' }],
}

/** Those of some parameters that were sent. */
function sent(form: Form, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = form.one(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
