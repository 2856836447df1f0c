import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { decoyMail } from './mail.ts'
import { findNewcomersRole, type NewSigner } from './new-signer.ts'
import { newUser } from './new-user.ts'
import { openNewSession } from './open-new-session.ts'
import { admitStranger } from './stranger-limit.ts'

export interface AnonymousRequest extends Pick<NewSigner, 'metadata' | 'locale'> {
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

/** Makes an account for somebody who does not say who they are, and signs them in: there is no other way back to it. */
export async function signInAnonymously(
  parts: ServiceParts,
  { metadata, locale, captcha }: AnonymousRequest,
  caller: Caller,
): Promise<Result<PersonTokens, Failure>> {
  const { world, policy } = parts
  const now = world.now()
  if (!policy.supabase.anonymous) return fail({ reason: 'anonymous_closed' })
  if (policy.supabase.signup === 'closed') return fail({ reason: 'registration_closed' })
  const asked = await admitStranger(world, { about: 'anonymous', caller, captcha }, now)
  if (!asked.ok) return asked
  const role = await findNewcomersRole(parts)
  const said = { name: undefined, surname: undefined, phone: undefined, avatarUrl: undefined }
  const of = { id: world.newId(), roleId: role.id, passwordHash: undefined, now }
  const user = {
    ...newUser({ ...said, email: undefined, username: undefined, locale, metadata }, of),
    isAnonymous: true,
  }
  const told = { kind: 'user.register', clientId: personClientId, userId: user.id, target: user.id } as const
  const event = auditEvent(world, told, caller)
  const mail = decoyMail(world, now)
  await world.store.insertUser({ user, token: undefined, event, mail, knownEvent: event, knownMail: mail })
  const proof = { amr: ['anonymous'], method: 'anonymous' } as const
  return ok(await openNewSession(parts, { user, role }, { proof, caller, now }))
}
