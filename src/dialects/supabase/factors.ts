import { z } from '@hono/zod-openapi'
import type { Failure } from '../../core/failure.ts'
import { actorOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { answer } from './answer.ts'
import { type Denial, deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { factorName, withFactorId } from './factor-fields.ts'
import { denialOf, refused } from './refuse.ts'
import { sessionSchema, text } from './schemas.ts'
import { answerSession } from './session-object.ts'

/** The kinds that upstream can have and that are not here. */
const notOffered: Readonly<Record<string, Denial>> = {
  phone: {
    status: 422,
    code: 'mfa_phone_enroll_not_enabled',
    message: 'MFA enroll is disabled for Phone',
  },
  webauthn: {
    status: 422,
    code: 'mfa_webauthn_enroll_not_enabled',
    message: 'MFA enroll is disabled for WebAuthn',
  },
}

export const enrolFactorEndpoint = endpoint({
  method: 'post',
  path: '/factors',
  summary: 'Begin with an authenticator app',
  description: 'The secret is shown this once. It counts when a first code of it has verified it.',
  request: {
    body: z.looseObject({
      factor_type: text.default(''),
      friendly_name: factorName.optional(),
      issuer: factorName.optional(),
    }),
  },
  answer: z.looseObject({ id: z.uuid(), type: z.literal('totp'), friendly_name: z.string() }),
  errors: [400, 401, 403, 422, 503],
  async handle(c, { body }) {
    const { factor_type: type, friendly_name: name, issuer } = body
    if (type !== 'totp') {
      const off = Object.hasOwn(notOffered, type) ? notOffered[type] : undefined
      return deny(c, off ?? invalid('factor_type needs to be totp'))
    }
    // An empty name is the name of those that have none.
    const order = { name: name || undefined, issuer: issuer || undefined }
    const enrolled = await c.env.service.enrolAppInSession(actorOf(c), order)
    if (!enrolled.ok) return refusedWith(c, enrolled.failure, { status: 403, what: 'enroll a new factor' })
    const { factor, secret, uri, qrSvg } = enrolled.value
    return answer(c, {
      id: factor.id,
      type: 'totp',
      friendly_name: factor.name,
      totp: { qr_code: qrSvg, secret, uri },
    })
  },
})

export const challengeFactorEndpoint = endpoint({
  method: 'post',
  path: '/factors/{id}/challenge',
  summary: 'Be asked for a code of a factor',
  request: { params: z.object({ id: z.string() }), body: z.looseObject({}) },
  emptyIsFine: true,
  answer: z.looseObject({ id: z.uuid(), type: z.literal('totp'), expires_at: z.int() }),
  errors: [401, 403, 404, 429, 503],
  handle: (c, { params }) =>
    withFactorId(c, params.id, async (id) => {
      const challenged = await c.env.service.challengeFactor(actorOf(c), id)
      if (!challenged.ok) return refused(c, challenged.failure)
      const { id: challengeId, expiresAt } = challenged.value
      return answer(c, {
        id: challengeId,
        type: 'totp',
        expires_at: Math.floor(expiresAt.getTime() / 1000),
      })
    }),
})

export const verifyFactorEndpoint = endpoint({
  method: 'post',
  path: '/factors/{id}/verify',
  summary: 'Raise the session by a code of a factor',
  description: 'The session goes on under a new refresh token. Those that have shown less end.',
  request: {
    params: z.object({ id: z.string() }),
    body: z.looseObject({ challenge_id: text.default(''), code: text.default('') }),
  },
  answer: sessionSchema,
  errors: [400, 401, 403, 404, 422, 429, 503],
  handle: (c, { params, body }) =>
    withFactorId(c, params.id, async (factorId) => {
      const { challenge_id: challengeId, code } = body
      if (code === '') return deny(c, invalid('Code needs to be non-empty'))
      // What is no id is a challenge that is not there.
      if (!z.uuid().safeParse(challengeId).success) return refused(c, { reason: 'challenge_invalid' })
      const raised = await c.env.service.raiseSession(actorOf(c), { factorId, challengeId, code })
      return raised.ok ? answerSession(c, raised.value) : refused(c, raised.failure)
    }),
})

export const dropFactorEndpoint = endpoint({
  method: 'delete',
  path: '/factors/{id}',
  summary: 'Take a factor away',
  description: 'What it gave to sessions is taken from them at their next refresh.',
  request: { params: z.object({ id: z.string() }) },
  answer: z.object({ id: z.uuid() }),
  errors: [401, 403, 404, 422, 503],
  handle: (c, { params }) =>
    withFactorId(c, params.id, async (id) => {
      const dropped = await c.env.service.dropFactor(actorOf(c), id)
      if (dropped.ok) return answer(c, { id })
      return refusedWith(c, dropped.failure, { status: 422, what: 'unenroll a verified factor' })
    }),
})

const invalid = (message: string): Denial => ({ status: 400, code: 'validation_failed', message })

/** Of a session that has shown too little each of these says so with a status of its own. */
function refusedWith(
  c: GatewayContext,
  failure: Failure,
  { status, what }: { readonly status: 403 | 422; readonly what: string },
): Response {
  if (failure.reason !== 'second_factor_required') return refused(c, failure)
  return deny(c, { ...denialOf(failure), status, message: `AAL2 required to ${what}` })
}
