import { z } from '@hono/zod-openapi'
import type { Failure } from '../../core/failure.ts'
import { wholeSecondsText } from '../../core/moment-text.ts'
import { ok, type Result } from '../../core/result.ts'
import { actorOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { principalOf } from '../../http/mount.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'
import { spellUser, userSchema } from './user-schemas.ts'

export const meEndpoint = endpoint({
  method: 'get',
  path: '/me',
  isEnrolment: true,
  tag: 'Who am I',
  summary: 'Say who the token speaks for',
  description:
    'For a machine answered from the verified token alone; for a person with the account as it is in `user`.',
  request: {},
  answers: answers(
    z.object({
      subject: z.string(),
      client_id: z.string(),
      key_id: z.string().nullable(),
      session_id: z.string(),
      permissions: z.array(z.string()),
      audience: z.array(z.string()),
      issued_at: z.iso.datetime(),
      access_expire: z.iso.datetime(),
      aal: z.int().optional().openapi({ description: 'Of a person: 1 with one factor, 2 with two.' }),
      amr: z.array(z.string()).optional(),
      auth_time: z.iso.datetime().optional(),
      user: userSchema.optional(),
    }),
    { errors: [401, 503] },
  ),
  async handle(c) {
    const principal = principalOf(c)
    const person = await readPerson(c)
    if (!person.ok) return refused(c, person.failure)
    return answer(c, {
      subject: principal.subject,
      client_id: principal.clientId,
      key_id: principal.keyId ?? null,
      session_id: principal.sessionId,
      permissions: principal.permissions,
      audience: principal.audiences,
      issued_at: wholeSecondsText(new Date(principal.issuedAt * 1000)),
      access_expire: wholeSecondsText(new Date(principal.expiresAt * 1000)),
      ...person.value,
    })
  },
})

/** What there is to say of a person beside; nothing of a machine, nor of one that acts for a person. */
async function readPerson(c: GatewayContext): Promise<Result<object, Failure>> {
  const actor = actorOf(c)
  const { assurance } = actor.principal
  if (assurance === undefined) return ok({})
  const { level: aal, methods: amr, authenticatedAt } = assurance
  const said = { aal, amr, auth_time: wholeSecondsText(new Date(authenticatedAt * 1000)) }
  const profile = await c.env.service.readProfile(actor)
  if (profile.ok) return ok({ ...said, user: spellUser(profile.value) })
  return profile.failure.reason === 'person_needed' ? ok(said) : profile
}
