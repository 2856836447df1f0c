import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import type { Redemption } from './account-store.ts'
import { admitUser } from './admit-user.ts'
import { parseContact } from './contact.ts'
import { findOneTimeProof, isAbout, type OneTimeProof } from './find-one-time-proof.ts'
import { hasFactor } from './has-factor.ts'
import { findByContact } from './new-signer.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { isUsable } from './one-time-token-text.ts'
import { openPersonSession, signInRecord } from './open-person-session.ts'
import { type MadeChange, makeChange } from './redeem-change.ts'
import type { SignInMethod } from './sign-in-record.ts'
import { takeStrangerQuestion } from './stranger-limit.ts'
import type { User, UserWithRole } from './user.ts'

/** What comes of a proof: a session, or nothing yet where another mailbox must agree. */
export type Redeemed = { readonly kind: 'tokens'; readonly tokens: PersonTokens } | { readonly kind: 'half' }

/** Signs in whoever shows what was sent to them; the contact counts as confirmed, or as changed where that was asked. */
export async function redeemProof(
  parts: ServiceParts,
  proof: OneTimeProof,
  caller: Caller,
): Promise<Result<Redeemed, Failure>> {
  const { world } = parts
  const now = world.now()
  const asked = await takeStrangerQuestion(world, { about: 'verify', caller }, now)
  if (!asked.ok) return asked
  const found = await findOneTimeProof(parts, proof, now)
  if (!found.ok) {
    if (proof.kind === 'code') await noteWrongCode(parts, proof, caller)
    return found
  }
  const shown = proof.kind === 'link' ? 'link' : proof.contact.kind === 'email' ? 'email' : 'sms'
  return redeemToken(parts, { token: found.value, shown, asked: proof.kind }, caller)
}

/** Redeems a token that was found good, for a session. */
export async function redeemToken(
  parts: ServiceParts,
  {
    token,
    shown,
    asked,
  }: {
    readonly token: OneTimeToken
    /** By what the session is opened, as our tokens call it. */
    readonly shown: 'link' | 'email' | 'sms'
    readonly asked: OneTimeProof['kind']
  },
  caller: Caller,
): Promise<Result<Redeemed, Failure>> {
  const { world, memory } = parts
  const now = world.now()
  const over = fail(invalid(asked))
  const change = await makeChange(parts, token, { caller, now })
  if (change === 'refused') return over
  if (change === 'half') return ok({ kind: 'half' })
  return untilSettled<Result<Redeemed, Failure>>(async () => {
    const judged = await judgeToken(parts, { token, change }, now)
    if (judged === undefined) return over
    if (!judged.ok) return judged
    const redeems = change === 'none' ? redemptionOf(token) : undefined
    const proof = await sessionProof(parts, { user: judged.value.user, amr: [shown], method: shown })
    const who = {
      ...judged.value,
      user: change === 'none' ? confirmed(judged.value.user, token, now) : judged.value.user,
    }
    const tokens = await openPersonSession(parts, who, { proof: { ...proof, redeems }, caller, now })
    if (tokens === changed) return changed
    memory.people.forget(tokens.userId)
    return ok({ kind: 'tokens', tokens })
  })
}

/** What is used up with a token, and confirmed by it. */
export function redemptionOf(token: OneTimeToken): Redemption {
  // The password is in question where somebody comes in by a message in place of it.
  const keepsPassword = token.purpose === 'sign-up' || token.purpose === 'phone-sign-in'
  return { tokenId: token.id, confirms: confirmedBy(token), keepsPassword }
}

/** How a session of the Supabase face is opened by what was sent: with a second factor it permits nothing before that is shown. */
export async function sessionProof(
  { world }: Pick<ServiceParts, 'world'>,
  {
    user,
    amr,
    method,
  }: { readonly user: User; readonly amr: readonly string[]; readonly method: SignInMethod },
) {
  const permissions = (await hasFactor(world.store, user.id)) ? [] : undefined
  return { aal: 1, amr, method, attempt: undefined, face: 'supabase', permissions } as const
}

/** Whose token it is, if it still leads to them; undefined where it is over. Who shows it may be told of a ban. */
export async function judgeToken(
  { world }: Pick<ServiceParts, 'world'>,
  { token, change }: { readonly token: OneTimeToken; readonly change: MadeChange },
  now: Date,
): Promise<Result<UserWithRole, Failure> | undefined> {
  const [kept, found] = await Promise.all([
    world.store.findOneTimeToken(token.id),
    world.store.findUser(token.userId),
  ])
  if (found === undefined || found.user.deletedAt !== undefined) return undefined
  if (change === 'none' && (kept === undefined || !isUsable(kept, now) || !isAbout(token, found.user))) {
    return undefined
  }
  const admitted = admitUser(found.user, now)
  return admitted.ok ? ok(found) : admitted
}

function confirmedBy({ email, phone }: OneTimeToken): 'email' | 'phone' | undefined {
  if (email !== undefined) return 'email'
  return phone === undefined ? undefined : 'phone'
}

/** The user as the store leaves them when the token is used. */
function confirmed(user: User, token: OneTimeToken, now: Date): User {
  if (confirmedBy(token) === 'phone') return { ...user, phoneConfirmedAt: user.phoneConfirmedAt ?? now }
  return {
    ...user,
    emailConfirmedAt: user.emailConfirmedAt ?? now,
    metadata: { ...user.metadata, email_verified: true },
  }
}

/** Somebody who guesses at the digits is seen by the owner of the account. */
async function noteWrongCode(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  proof: Extract<OneTimeProof, { kind: 'code' }>,
  caller: Caller,
): Promise<void> {
  const contact = parseContact(policy.supabase, proof.contact)
  if (!contact.ok) return
  const found = await findByContact({ world }, contact.value)
  const method = contact.value.kind === 'email' ? 'email' : 'sms'
  const record = { userId: found?.user.id, method, outcome: 'wrong', now: world.now() } as const
  await world.store.addSignIn(signInRecord(world, record, caller))
}

/** Says no as it is said of a link, or of digits. */
export function invalid(asked: OneTimeProof['kind']): Failure {
  return { reason: asked === 'link' ? 'one_time_token_invalid' : 'one_time_code_invalid' }
}
