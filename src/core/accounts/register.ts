import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { AccountPolicy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { takeAccountQuestion } from './account-limit.ts'
import type { Registration } from './account-store.ts'
import { admitNewPassword } from './admit-new-password.ts'
import { parseEmail } from './email.ts'
import { confirmationMail, confirmationToken } from './email-confirmation.ts'
import { decoyMail, queuedMail } from './mail.ts'
import { takeMail } from './mail-limit.ts'
import { newUser } from './new-user.ts'
import { userRoleName } from './role.ts'
import type { UserProfile } from './user.ts'
import { isUsername } from './username.ts'

export interface RegistrationRequest extends UserProfile {
  readonly email: string
  readonly password: string
  readonly username: string | undefined
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

export interface Registered {
  /** As it is kept. */
  readonly email: string
  readonly confirmation: AccountPolicy['emailConfirmation']
}

/**
 * Registers a person. Whoever asks with an address that has an account gets the same answer after the same work: only
 * the owner of the address learns of it, by mail. That a user name is taken is told, since names are seen by others.
 */
export async function register(
  parts: ServiceParts,
  request: RegistrationRequest,
  caller: Caller,
): Promise<Result<Registered, Failure>> {
  const entered = await enterRegistration(parts, request, caller)
  if (!entered.ok) return entered
  return ok({ email: entered.value.email, confirmation: parts.policy.accounts.emailConfirmation })
}

/** What became of a registration; the one who asked may not be told which of the two it is. */
export type EnteredRegistration =
  | { readonly outcome: 'inserted'; readonly email: string; readonly userId: string }
  | { readonly outcome: 'email_taken'; readonly email: string }

/** Judges a registration and writes it down: the account, or the news for who has one at this address. */
export async function enterRegistration(
  parts: ServiceParts,
  request: RegistrationRequest,
  caller: Caller,
): Promise<Result<EnteredRegistration, Failure>> {
  const { world, policy } = parts
  if (policy.accounts.registration === 'closed') return fail({ reason: 'registration_closed' })
  const { password, username, captcha } = request
  const email = parseEmail(request.email)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  if (username !== undefined && !isUsername(username)) return fail({ reason: 'username_invalid' })
  const role = { name: userRoleName, secondFactorRequired: false }
  const chosen = await admitNewPassword(parts, { ...request, email, role }, password)
  if (!chosen.ok) return chosen
  const asked = await takeAccountQuestion(world, { caller, captcha }, world.now())
  if (!asked.ok) return asked

  const passwordHash = await world.passwords.hash(password)
  const registration = await registrationOf(parts, { request: { ...request, email }, passwordHash, caller })
  const outcome = await world.store.insertUser(registration)
  if (outcome === 'username_taken') return fail({ reason: 'username_taken' })
  if (outcome === 'inserted') return ok({ outcome, email, userId: registration.user.id })
  // Whoever registers gives no number that could be taken.
  return ok({ outcome: 'email_taken', email })
}

/** Both ends of a registration, made alike: what is written for a new address, and what for one that has an account. */
async function registrationOf(
  { world, policy }: ServiceParts,
  {
    request,
    passwordHash,
    caller,
  }: { readonly request: RegistrationRequest; readonly passwordHash: string; readonly caller: Caller },
): Promise<Registration> {
  const now = world.now()
  const { email, locale } = request
  const [role, owner, mayMail] = await Promise.all([
    world.store.findRoleByName(userRoleName),
    world.store.findUserByEmail(email),
    takeMail(world, { email, about: 'account' }, now),
  ])
  if (role === undefined) throw new Error('The role of those who register is missing.')
  const user = newUser(request, { id: world.newId(), roleId: role.id, passwordHash, now })
  const { text, token } = confirmationToken(world, user, now)
  const confirms = policy.accounts.emailConfirmation !== 'off'
  const known = {
    kind: 'email-known',
    to: email,
    facts: {},
    userId: owner?.user.id,
    locale: owner?.user.locale,
    // To void takes time, and so both ends of a registration do.
    voidKey: `email-known:${owner?.user.id ?? world.newId()}`,
  } as const
  const told = (kind: 'user.register' | 'user.register-known', userId: string | undefined) =>
    auditEvent(world, { kind, clientId: personClientId, userId, target: userId }, caller)
  return {
    user,
    token,
    event: told('user.register', user.id),
    mail:
      confirms && mayMail
        ? confirmationMail(world, { user, text, token, locale }, now)
        : decoyMail(world, now),
    knownEvent: told('user.register-known', owner?.user.id),
    knownMail: mayMail ? queuedMail(world, known, now) : decoyMail(world, now),
  }
}
