import { z } from '@hono/zod-openapi'
import { principalOf } from '../../http/mount.ts'
import { endpoint } from './endpoint.ts'
import { answer, wholeSeconds } from './envelope.ts'
import { answers } from './schemas.ts'

export const meEndpoint = endpoint({
  method: 'get',
  path: '/me',
  isEnrolment: true,
  tag: 'Who am I',
  summary: 'Say who the token speaks for',
  description: 'Answered from the verified token alone.',
  request: {},
  answers: answers(
    z.object({
      subject: z.string(),
      client_id: z.string(),
      key_id: z.string(),
      session_id: z.string(),
      permissions: z.array(z.string()),
      audience: z.array(z.string()),
      issued_at: z.iso.datetime(),
      access_expire: z.iso.datetime(),
    }),
    { errors: [401] },
  ),
  async handle(c) {
    const principal = principalOf(c)
    return answer(c, {
      subject: principal.subject,
      client_id: principal.clientId,
      key_id: principal.keyId,
      session_id: principal.sessionId,
      permissions: principal.permissions,
      audience: principal.audiences,
      issued_at: wholeSeconds(new Date(principal.issuedAt * 1000)),
      access_expire: wholeSeconds(new Date(principal.expiresAt * 1000)),
    })
  },
})
