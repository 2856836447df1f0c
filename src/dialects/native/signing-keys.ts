import { z } from '@hono/zod-openapi'
import { signingAlgorithms } from '../../core/policy.ts'
import type { BroughtKey } from '../../core/tokens/key-material.ts'
import {
  type SigningKeyRecord,
  signingKeyOrigins,
  signingKeyState,
  signingKeyStates,
} from '../../core/tokens/signing-key-state.ts'
import { actorOf } from '../../http/caller.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, pageOf } from './schemas.ts'

const signingKeySchema = z
  .object({
    kid: z.string().openapi({ description: 'The RFC 7638 thumbprint.' }),
    algorithm: z.enum(signingAlgorithms),
    origin: z.enum(signingKeyOrigins),
    state: z.enum(signingKeyStates),
    public_jwk: z.record(z.string(), z.unknown()).nullable(),
    created_at: z.iso.datetime(),
    active_from: z.iso.datetime().nullable(),
    retires_at: z.iso.datetime().nullable(),
    gone_at: z.iso.datetime().nullable(),
  })
  .openapi('SigningKey')

/** A whole RSA key of 8192 bits in PEM has some 6,500 characters. */
const PEM_MAX_LENGTH = 10_000

const broughtKey = z
  .strictObject({
    jwk: z.record(z.string(), z.unknown()).optional().openapi({ description: 'A private or public JWK.' }),
    pem: z
      .string()
      .max(PEM_MAX_LENGTH, `At most ${PEM_MAX_LENGTH} characters.`)
      .optional()
      .openapi({ description: 'A PKCS#8 private key or an SPKI public key.' }),
  })
  .transform(({ jwk, pem }, context): BroughtKey => {
    if (jwk !== undefined && pem === undefined) return { form: 'jwk', jwk }
    if (pem !== undefined && jwk === undefined) return { form: 'pem', pem }
    context.addIssue({ code: 'custom', message: 'Send the key as jwk or as pem.' })
    return z.NEVER
  })
  .openapi({ type: 'object' })

export const listSigningKeysEndpoint = endpoint({
  method: 'get',
  path: '/signing-keys',
  permission: 'signing-keys:read',
  tag: 'Signing keys',
  summary: 'List signing keys, oldest first',
  description: 'All of them, those that are gone included; never a private half.',
  request: {},
  answers: answers(pageOf(signingKeySchema), { errors: [401, 403, 503] }),
  async handle(c) {
    const keys = await c.env.service.listSigningKeys()
    const now = c.env.service.now()
    return answer(c, { items: keys.map((key) => spellSigningKey(key, now)), next_cursor: null })
  },
})

export const importSigningKeyEndpoint = endpoint({
  method: 'post',
  path: '/signing-keys',
  permission: 'signing-keys:write',
  tag: 'Signing keys',
  summary: 'Bring a signing key of your own',
  description:
    'With its private half the key signs, 15 minutes after it is published; a public key is only trusted. Whoever holds it can make any token.',
  request: { body: broughtKey },
  answers: answers(signingKeySchema, { status: 201, errors: [400, 401, 403, 409, 503] }),
  async handle(c, { body }) {
    const key = await c.env.service.importSigningKey(actorOf(c), body)
    if (!key.ok) return refused(c, key.failure)
    return answer(c, spellSigningKey(key.value, c.env.service.now()), 201)
  },
})

export const rotateSigningKeysEndpoint = endpoint({
  method: 'post',
  path: '/signing-keys/rotate',
  permission: 'signing-keys:write',
  tag: 'Signing keys',
  summary: 'Bring in the next signing key',
  description:
    'Published at once and signing after 15 minutes; no token is refused. With `now`, for emergencies, it signs at once and every other signing key is gone with all its tokens.',
  request: { body: z.strictObject({ now: z.boolean().default(false) }) },
  answers: answers(signingKeySchema, { status: 201, errors: [400, 401, 403, 503] }),
  async handle(c, { body }) {
    const key = await c.env.service.rotateSigningKeys(actorOf(c), body)
    if (!key.ok) return refused(c, key.failure)
    return answer(c, spellSigningKey(key.value, c.env.service.now()), 201)
  },
})

export const retireSigningKeyEndpoint = endpoint({
  method: 'delete',
  path: '/signing-keys/{kid}',
  permission: 'signing-keys:write',
  tag: 'Signing keys',
  summary: 'End a signing key and all its tokens at once',
  description: 'The only key that signs cannot be ended: rotate first.',
  request: { params: z.object({ kid: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'Not a kid of ours.') }) },
  answers: answers(signingKeySchema, { errors: [400, 401, 403, 404, 409, 503] }),
  async handle(c, { params }) {
    const key = await c.env.service.retireSigningKey(actorOf(c), params.kid)
    if (!key.ok) return refused(c, key.failure)
    return answer(c, spellSigningKey(key.value, c.env.service.now()))
  },
})

function spellSigningKey(key: SigningKeyRecord, now: Date) {
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    origin: key.origin,
    state: signingKeyState(key, now),
    public_jwk: key.publicJwk ?? null,
    created_at: key.createdAt.toISOString(),
    active_from: key.activeFrom?.toISOString() ?? null,
    retires_at: key.retiresAt?.toISOString() ?? null,
    gone_at: key.goneAt?.toISOString() ?? null,
  }
}
