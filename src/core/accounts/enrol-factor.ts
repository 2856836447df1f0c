import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitLasting } from './admit-lasting.ts'
import type { Factor, FactorKind } from './factor.ts'
import { mailFactorCode } from './factor-code.ts'
import { sealFactorSecret } from './factor-secret.ts'
import { type ProofOfSelf, type ProvenSelf, proveAgain } from './prove-again.ts'
import type { User } from './user.ts'

/** Enough for a phone, a tablet and a few keys; and no more for a look-up to wade through. */
export const factorsMax = 10

export interface FactorOrder extends ProofOfSelf {
  /** What its owner calls it; undefined for the name of its kind. */
  readonly name: string | undefined
}

/** A fresh authenticator: the secret is told this once, and never again. */
export interface EnrolledApp {
  readonly factor: Factor
  readonly secret: string
  readonly uri: string
  readonly qrSvg: string
}

/** Begins with an authenticator app. It counts when a first code of it has been shown. */
export async function enrolApp(
  parts: ServiceParts,
  actor: Actor,
  order: FactorOrder,
): Promise<Result<EnrolledApp, Failure>> {
  const { world, policy } = parts
  const proven = await proveToEnrol(parts, actor, order)
  if (!proven.ok) return proven
  const made = newApp(parts, proven.value.user, { name: order.name, issuer: hostOf(policy.issuer) })
  await world.store.insertFactor(made.factor, { token: undefined })
  return ok(made)
}

/** Makes an app with a fresh secret, which is told and, sealed, kept. */
export function newApp(
  parts: Pick<ServiceParts, 'world'>,
  user: User,
  { name, issuer }: { readonly name: string | undefined; readonly issuer: string },
): EnrolledApp {
  const { vault, oneTimeCodes } = parts.world
  const secret = oneTimeCodes.newSecret()
  const bare = newFactor(parts, { user }, { kind: 'totp', name })
  const factor = { ...bare, sealedSecret: sealFactorSecret({ vault }, bare.id, secret) }
  const uri = oneTimeCodes.uri({ secret, issuer, account: accountName(user) })
  return { factor, secret, uri, qrSvg: oneTimeCodes.qrSvg(uri) }
}

/** Begins with codes by mail, and mails the first one. They count when that has been shown. */
export async function enrolMailedCodes(
  parts: ServiceParts,
  actor: Actor,
  order: FactorOrder,
): Promise<Result<Factor, Failure>> {
  const { world } = parts
  const proven = await proveToEnrol(parts, actor, order)
  if (!proven.ok) return proven
  const { user, factors } = proven.value
  if (user.emailConfirmedAt === undefined) return fail({ reason: 'email_unconfirmed', userId: user.id })
  if (factors.some(({ kind, activatedAt }) => kind === 'email' && activatedAt !== undefined)) {
    return fail({ reason: 'factor_known' })
  }
  const mailed = await mailFactorCode(parts, user)
  if (!mailed.ok) return mailed
  const factor = newFactor(parts, proven.value, { kind: 'email', name: order.name })
  await world.store.insertFactor(factor, mailed.value)
  return ok(factor)
}

async function proveToEnrol(
  parts: ServiceParts,
  actor: Actor,
  order: FactorOrder,
): Promise<Result<ProvenSelf, Failure>> {
  const proven = await proveAgain(parts, actor, { ...order, needsCode: 'without_second_factor' })
  if (!proven.ok) return proven
  const lasting = admitLasting(parts.policy, proven.value.user)
  if (!lasting.ok) return lasting
  if (proven.value.factors.length >= factorsMax) {
    return fail({ reason: 'factors_too_many', max: factorsMax })
  }
  return proven
}

export const factorNames = { totp: 'Authenticator app', email: 'E-mail' } as const satisfies Record<
  FactorKind,
  string
>

function newFactor(
  { world }: Pick<ServiceParts, 'world'>,
  { user }: Pick<ProvenSelf, 'user'>,
  { kind, name = factorNames[kind] }: { readonly kind: FactorKind; readonly name: string | undefined },
): Factor {
  return {
    id: world.newId(),
    userId: user.id,
    kind,
    name,
    sealedSecret: undefined,
    createdAt: world.now(),
    activatedAt: undefined,
    lastStep: undefined,
  }
}

/** What an app shows its codes under: the name of the gateway, without `https://`. */
export function hostOf(issuer: string): string {
  return issuer.replace(/^\w+:\/\//, '')
}

/** What an authenticator app calls the account. */
function accountName({ email, signInPhone, id }: User): string {
  return email ?? signInPhone ?? id
}
