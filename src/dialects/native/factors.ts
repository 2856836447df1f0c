import { z } from '@hono/zod-openapi'
import type { Factor } from '../../core/accounts/factor.ts'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, name, uuid } from './schemas.ts'
import { password } from './user-schemas.ts'

const factorSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['totp', 'email']),
    name: z.string(),
    created_at: z.iso.datetime(),
    activated_at: z.iso.datetime().nullable(),
  })
  .openapi('Factor')

const code = z
  .string()
  .max(100)
  .openapi({ description: 'Six digits of an app or a mail, or a recovery code.' })

const proof = {
  password: password.openapi({ description: 'The current password.' }),
  code: code.optional().openapi({
    description: 'A code of a factor that counts, where the session was opened without one.',
  }),
}

const recoveryCodes = z.array(z.string()).openapi({
  description: 'Shown this once. Each stands in for a factor, once.',
  example: ['k3xq-7m2p-9fzt-hb4c-w8nd-y6rv'],
})

const tag = 'Second factor'

export const listFactorsEndpoint = accountEndpoint({
  method: 'get',
  path: '/me/factors',
  isEnrolment: true,
  tag,
  summary: 'List your second factors',
  description: 'One whose activated_at is null does not count yet.',
  request: {},
  answers: answers(z.object({ items: z.array(factorSchema), recovery_codes_left: z.int() }), {
    errors: [401, 403, 503],
  }),
  async handle(c) {
    const listed = await c.env.service.listFactors(actorOf(c))
    if (!listed.ok) return refused(c, listed.failure)
    const { factors, recoveryCodesLeft } = listed.value
    return answer(c, { items: factors.map(spellFactor), recovery_codes_left: recoveryCodesLeft })
  },
})

export const enrolAppEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/factors/totp',
  isEnrolment: true,
  tag,
  summary: 'Begin with an authenticator app',
  description:
    'The secret is shown this once, as text, as an otpauth address and as a QR code. It counts when a first code of it has activated it.',
  request: { body: z.strictObject({ ...proof, name: name.optional() }) },
  answers: answers(factorSchema.extend({ secret: z.string(), uri: z.string(), qr_svg: z.string() }), {
    status: 201,
    errors: [400, 401, 403, 409, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const enrolled = await c.env.service.enrolApp(actorOf(c), orderOf(body))
    if (!enrolled.ok) return refused(c, enrolled.failure)
    const { factor, secret, uri, qrSvg } = enrolled.value
    return answer(c, { ...spellFactor(factor), secret, uri, qr_svg: qrSvg }, 201)
  },
})

export const enrolMailedCodesEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/factors/email',
  isEnrolment: true,
  tag,
  summary: 'Begin with codes by mail',
  description:
    'Mails a first code to the confirmed address of the account; it counts when that has activated it.',
  request: { body: z.strictObject({ ...proof, name: name.optional() }) },
  answers: answers(factorSchema, { status: 201, errors: [400, 401, 403, 409, 422, 429, 503] }),
  async handle(c, { body }) {
    const enrolled = await c.env.service.enrolMailedCodes(actorOf(c), orderOf(body))
    return enrolled.ok ? answer(c, spellFactor(enrolled.value), 201) : refused(c, enrolled.failure)
  },
})

export const sendFactorCodeEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/factors/email/code',
  isEnrolment: true,
  tag,
  summary: 'Have a code mailed to you',
  description: 'Six digits, good for ten minutes and five tries. A newer one voids it.',
  request: {},
  answers: answers(z.object({}), { status: 202, errors: [401, 403, 404, 429, 503] }),
  async handle(c) {
    const sent = await c.env.service.sendFactorCode(actorOf(c))
    return sent.ok ? answer(c, {}, 202) : refused(c, sent.failure)
  },
})

export const activateFactorEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/factors/{id}/activate',
  isEnrolment: true,
  tag,
  summary: 'Make a second factor count',
  description:
    'With the first one come ten recovery codes, shown this once; recovery_codes is null where there are some already. The session stays what it is: sign in again to have one with two factors.',
  request: { params: z.object({ id: uuid }), body: z.strictObject({ code }) },
  answers: answers(factorSchema.extend({ recovery_codes: recoveryCodes.nullable() }), {
    errors: [400, 401, 403, 404, 422, 429, 503],
  }),
  async handle(c, { params, body }) {
    const activated = await c.env.service.activateFactor(actorOf(c), { id: params.id, code: body.code })
    if (!activated.ok) return refused(c, activated.failure)
    const { factor, recoveryCodes: codes } = activated.value
    return answer(c, { ...spellFactor(factor), recovery_codes: codes ?? null })
  },
})

export const removeFactorEndpoint = accountEndpoint({
  method: 'delete',
  path: '/me/factors/{id}',
  tag,
  summary: 'Take a second factor away',
  description:
    'Of one that counts with a code as well, whatever the session. With the last one go the recovery codes.',
  request: { params: z.object({ id: uuid }), body: z.strictObject(proof) },
  answers: answers(z.object({ id: z.uuid() }), { errors: [400, 401, 403, 404, 422, 429, 503] }),
  async handle(c, { params, body }) {
    const shown = { id: params.id, password: body.password, code: body.code }
    const removed = await c.env.service.removeFactor(actorOf(c), shown)
    return removed.ok ? answer(c, { id: params.id }) : refused(c, removed.failure)
  },
})

export const renewRecoveryCodesEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/recovery-codes',
  tag,
  summary: 'Get new recovery codes',
  description: 'All earlier ones are over.',
  request: { body: z.strictObject(proof) },
  answers: answers(z.object({ recovery_codes: recoveryCodes }), {
    status: 201,
    errors: [400, 401, 403, 404, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const shown = { password: body.password, code: body.code }
    const renewed = await c.env.service.renewRecoveryCodes(actorOf(c), shown)
    return renewed.ok ? answer(c, { recovery_codes: renewed.value }, 201) : refused(c, renewed.failure)
  },
})

function orderOf(body: { password: string; code?: string | undefined; name?: string | undefined }) {
  return { password: body.password, code: body.code, name: body.name }
}

function spellFactor({ id, kind, name, createdAt, activatedAt }: Factor) {
  return {
    id,
    kind,
    name,
    created_at: createdAt.toISOString(),
    activated_at: activatedAt?.toISOString() ?? null,
  }
}
