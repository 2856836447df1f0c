import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import type { SessionFace } from '../tokens/session.ts'
import type { SignerName } from './account-store.ts'
import { admitAttempt } from './admit-attempt.ts'
import { admitUser } from './admit-user.ts'
import { confirmationAt } from './confirmation-at.ts'
import { parseEmail } from './email.ts'
import { hasFactor } from './has-factor.ts'
import { deviceOf, openPersonSession, signInRecord } from './open-person-session.ts'
import { passwordMaxLength } from './password-rules.ts'
import { type SecondFactorDue, secondFactorDue } from './second-factor-due.ts'
import { type Attempt, attemptOf, settledBy } from './sign-in-throttle.ts'
import type { UserWithRole } from './user.ts'
import { isUsername } from './username.ts'

export interface SignInRequest {
  /** An e-mail address or a user name; or which of them it is. */
  readonly identifier: string | SignerName
  readonly password: string
  /** The answer to the operator's captcha, which is asked for after failures. */
  readonly captcha: string | undefined
  /** Where the session is opened; undefined for the native face. */
  readonly face?: SessionFace | undefined
}

/** The end of a right password: tokens, or the question for a second factor. */
export type SignedIn =
  | { readonly kind: 'tokens'; readonly tokens: PersonTokens }
  | { readonly kind: 'second_factor'; readonly due: SecondFactorDue; readonly userId: string }

/** Somebody who has shown the password of an account that may be signed in to. */
export interface PasswordProof extends UserWithRole {
  readonly attempt: Attempt
  readonly caller: Caller
  readonly now: Date
}

/**
 * Signs a person in by their password. A stranger's mistakes (no such account, a wrong password) are one refusal, and
 * take as long.
 */
export async function signIn(
  parts: ServiceParts,
  { identifier, password, captcha, face = 'native' }: SignInRequest,
  caller: Caller,
): Promise<Result<SignedIn, Failure>> {
  const { world } = parts
  const now = world.now()
  const name = typeof identifier === 'string' ? parseSignerName(identifier) : identifier
  const signer = await world.store.findSigner(name, deviceOf(world, caller) ?? '')
  const account = signer?.user.id ?? nameOf(name, typeof identifier === 'string' ? identifier : '')
  const attempt = attemptOf(world, { account, caller, deviceKnown: signer?.deviceKnown ?? false })
  const taken = await admitAttempt(world, attempt, { captcha, caller, now })
  if (!taken.ok) return taken

  const judged = signer?.user.passwordHash
  const right = (await matches(parts, password, judged)) && signer !== undefined
  const record = { userId: signer?.user.id, method: 'password', now } as const
  if (!right) {
    await world.store.addSignIn(signInRecord(world, { ...record, outcome: 'wrong' }, caller))
    return fail({ reason: 'credentials_invalid' })
  }
  if (judged !== undefined && world.passwords.needsRehash(judged)) {
    await world.store.rehashPassword(signer.user.id, {
      from: judged,
      to: await world.passwords.hash(password),
    })
  }
  let found: UserWithRole | undefined = signer
  return untilSettled(async () => {
    // After a lost race the user is read afresh: refused now, or known in the new version.
    const current: UserWithRole | undefined = found ?? (await world.store.findUser(signer.user.id))
    const changedPassword =
      current?.user.passwordChangedAt?.getTime() !== signer.user.passwordChangedAt?.getTime()
    found = undefined
    if (current === undefined || changedPassword) return fail({ reason: 'credentials_invalid' })
    const admitted = admitSigner(parts, current, { face, now })
    if (!admitted.ok) {
      const outcome = admitted.failure.reason === 'email_unconfirmed' ? 'unconfirmed' : 'refused'
      await world.store.addSignIn(signInRecord(world, { ...record, outcome }, caller))
      await world.store.settleSignInFailures(settledBy(attempt))
      return admitted
    }
    // At this face the second factor is shown within the session, which permits nothing before.
    const later = face === 'supabase' && (await hasFactor(world.store, current.user.id))
    const due =
      face === 'supabase' ? undefined : await secondFactorDue(parts, { ...current, attempt, caller, now })
    if (due !== undefined) return ok({ kind: 'second_factor', due, userId: current.user.id })
    const permissions = later ? [] : undefined
    const proof = { aal: 1, amr: ['pwd'], method: 'password', attempt, face, permissions } as const
    const tokens = await openPersonSession(parts, current, { proof, caller, now })
    return tokens === changed ? changed : ok({ kind: 'tokens', tokens })
  })
}

/** Says whether somebody who has shown their password may sign in. */
function admitSigner(
  { policy }: ServiceParts,
  { user }: UserWithRole,
  { face, now }: { readonly face: SessionFace; readonly now: Date },
): Result<void, Failure> {
  const admitted = admitUser(user, now)
  if (!admitted.ok) return admitted
  if (user.mustResetPassword) return fail({ reason: 'password_reset_due', userId: user.id })
  const asked = face === 'supabase' && !policy.supabase.autoconfirm
  const confirmedAt = user.email === undefined ? user.phoneConfirmedAt : user.emailConfirmedAt
  if ((asked || confirmationAt(policy, face) === 'required') && confirmedAt === undefined) {
    return fail({ reason: 'email_unconfirmed', userId: user.id })
  }
  return ok(undefined)
}

async function matches(
  { world: { passwords } }: ServiceParts,
  password: string,
  hash: string | undefined,
): Promise<boolean> {
  // No password that was ever chosen: not worth a hash, and no reason to answer otherwise.
  const possible = password.length <= 2 * passwordMaxLength && password.isWellFormed()
  const verified = await passwords.verify(possible ? password : '', hash)
  return verified && possible
}

/** What attempts at an account that is not there are counted by: as at one that is. */
function nameOf(name: SignerName, identifier: string): string {
  const known = textOf(name)
  return (known === '' ? identifier : known).toLowerCase()
}

function textOf(name: SignerName): string {
  if (name.kind === 'email') return name.email
  if (name.kind === 'phone') return name.phone
  return name.kind === 'id' ? name.id : name.username
}

/** Whom an identifier may mean. What can be nobody's is looked up all the same, so that it takes as long. */
function parseSignerName(identifier: string): SignerName {
  if (!identifier.includes('@')) {
    return { kind: 'username', username: isUsername(identifier) ? identifier : '' }
  }
  return { kind: 'email', email: parseEmail(identifier) ?? '' }
}
