import type { ServiceParts } from '../service-parts.ts'
import { type QueuedMail, queuedMail } from './mail.ts'
import { mailedCodeDigest, mintMailedCode } from './mailed-code.ts'
import type { CodeChallengeMethod, OneTimeToken } from './one-time-token.ts'
import { mintOneTimeToken } from './one-time-token-text.ts'
import type { User } from './user.ts'

/** What links of the Supabase face are good for. */
export const linkPurposes = [
  'sign-up',
  'magic-link',
  'recovery',
  'supabase-invite',
  'supabase-email-change',
  'supabase-email-change-current',
] as const
export type LinkPurpose = (typeof linkPurposes)[number]

/** How links name what they are for. */
export const linkTypes = {
  'sign-up': 'signup',
  'magic-link': 'magiclink',
  recovery: 'recovery',
  'supabase-invite': 'invite',
  'supabase-email-change': 'email_change',
  'supabase-email-change-current': 'email_change',
} as const satisfies Record<LinkPurpose, string>

/** How tokens name the way in, where the client traded a code for them. */
const methods = {
  ...linkTypes,
  'sign-up': 'email/signup',
} as const satisfies Record<LinkPurpose, string>

/** What a client asks of the way back to it. */
export interface LinkFlow {
  /** Judged already: `allowedRedirect`. */
  readonly redirectTo: string
  /** Where only the client's verifier trades what comes of the link (RFC 7636 §4.2). */
  readonly challenge: CodeChallenge | undefined
}

export interface CodeChallenge {
  readonly text: string
  readonly method: CodeChallengeMethod
}

/** A link with six digits that count as much. Only the token is kept. */
export interface OneTimeLink {
  readonly token: OneTimeToken
  /** What stands in the link for the token. */
  readonly hash: string
  readonly code: string
  readonly address: string
  readonly type: (typeof linkTypes)[LinkPurpose]
}

/** Tries of the digits; the link itself is too long to be guessed. */
export const codeAttempts = 5

/** In front of the token where a code challenge belongs to it: told apart before anything is looked up. */
const CHALLENGED = 'pkce_'

export function mintLink(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  order: {
    readonly userId: string
    readonly purpose: LinkPurpose
    readonly email: string | undefined
    readonly flow: LinkFlow
  },
  now: Date,
): OneTimeLink {
  const { userId, purpose, email, flow } = order
  const { text, token } = mintOneTimeToken(
    world,
    {
      userId,
      purpose,
      email,
      ttlSeconds: policy.supabase.otpTtlSeconds,
      attemptsLeft: codeAttempts,
      codeChallenge: flow.challenge?.text,
      codeChallengeMethod: flow.challenge?.method,
      method: methods[purpose],
      redirectTo: flow.redirectTo,
    },
    now,
  )
  const code = mintMailedCode(world)
  const hash = flow.challenge === undefined ? text : CHALLENGED + text
  const type = linkTypes[purpose]
  return {
    token: { ...token, codeDigest: mailedCodeDigest(world, token.id, code) },
    hash,
    code,
    address: linkAddress(policy.supabase.issuer, { hash, type, redirectTo: flow.redirectTo }),
    type,
  }
}

/** A link's token as the store knows it, and whether a code challenge belongs to it. */
export function readLinkHash(hash: string): { readonly text: string; readonly challenged: boolean } {
  const challenged = hash.startsWith(CHALLENGED)
  return { text: challenged ? hash.slice(CHALLENGED.length) : hash, challenged }
}

/** The way back stands in it as it is, where that leaves one meaning: some look for it in this form. */
function linkAddress(
  issuer: string,
  { hash, type, redirectTo }: { readonly hash: string; readonly type: string; readonly redirectTo: string },
): string {
  const back = /[&=#]/.test(redirectTo) ? encodeURIComponent(redirectTo) : redirectTo
  return `${issuer}/verify?token=${hash}&type=${type}&redirect_to=${back}`
}

/** The mail that brings a link to its address, in its owner's language. */
export function linkMail(
  world: ServiceParts['world'],
  {
    link: { token, code, address },
    user,
    newEmail,
  }: {
    readonly link: OneTimeLink
    readonly user: Pick<User, 'id' | 'locale' | 'name' | 'email' | 'emailConfirmedAt'>
    /** What the address is to become, for the one of before. */
    readonly newEmail?: string | undefined
  },
  now: Date,
): QueuedMail {
  const { id: userId, locale } = user
  const kind = token.purpose as LinkPurpose
  const facts = { link: address, code, expiresAt: token.expiresAt.toISOString() }
  const isOwn = token.email === user.email && user.emailConfirmedAt !== undefined
  return queuedMail(
    world,
    {
      kind,
      to: token.email,
      name: isOwn ? user.name : undefined,
      facts: newEmail === undefined ? facts : { ...facts, newEmail },
      userId,
      locale,
      voidKey: `${kind}:${userId}`,
    },
    now,
  )
}
