import { formatCredential, parseCredential } from '../keys/credential-text.ts'
import type { World } from '../ports.ts'

/** By what a second factor can be shown. */
export const secondFactorMethods = ['totp', 'email', 'recovery_code'] as const
export type SecondFactorMethod = (typeof secondFactorMethods)[number]

/**
 * What a right password leads to where a second factor is due: a claim to go on, bound to this one attempt. It is no
 * session and no token, and opens nothing but the next step.
 */
export interface SignInChallenge {
  readonly id: string
  readonly userId: string
  /** The version of the user whose password was judged: whatever changes it ends the attempt. */
  readonly userVersion: number
  readonly digest: string
  readonly methods: readonly SecondFactorMethod[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly attemptsLeft: number
  /** Of the code that was mailed last; undefined while none was. */
  readonly codeDigest: string | undefined
  readonly codeExpiresAt: Date | undefined
  readonly usedAt: Date | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
}

const LIFETIME_MS = 10 * 60_000
const ATTEMPTS = 5

const PREFIX = 'gsc'
const SECRET_LENGTH = 28
const form = { idLength: 32, secretLength: SECRET_LENGTH } as const

/** Makes a challenge: the row to keep, and the text that its holder goes on with. */
export function mintChallenge(
  world: Pick<World, 'newId' | 'randomText' | 'vault'>,
  of: Pick<SignInChallenge, 'userId' | 'userVersion' | 'methods' | 'address' | 'userAgent'>,
  now: Date,
): { readonly challenge: SignInChallenge; readonly text: string } {
  const id = world.newId()
  const text = formatCredential({
    prefix: PREFIX,
    id: id.replaceAll('-', ''),
    secret: world.randomText(SECRET_LENGTH),
  })
  const challenge: SignInChallenge = {
    ...of,
    id,
    digest: world.vault.digest('sign-in-challenge', text),
    createdAt: now,
    expiresAt: new Date(now.getTime() + LIFETIME_MS),
    attemptsLeft: ATTEMPTS,
    codeDigest: undefined,
    codeExpiresAt: undefined,
    usedAt: undefined,
  }
  return { challenge, text }
}

const STEP_UP_LIFETIME_MS = 300_000

/**
 * Makes a challenge for somebody who is signed in, to show a factor within the session. It has no text: it is shown by its
 * id, together with the session, and its digest says of which factor it is.
 */
export function mintStepUp(
  world: Pick<World, 'newId' | 'vault'>,
  {
    factorId,
    ...of
  }: Pick<SignInChallenge, 'userId' | 'userVersion' | 'address' | 'userAgent'> & {
    readonly factorId: string
  },
  now: Date,
): SignInChallenge {
  const id = world.newId()
  return {
    ...of,
    id,
    digest: world.vault.digest('sign-in-challenge', stepUpText(id, factorId)),
    methods: ['totp'],
    createdAt: now,
    expiresAt: new Date(now.getTime() + STEP_UP_LIFETIME_MS),
    attemptsLeft: ATTEMPTS,
    codeDigest: undefined,
    codeExpiresAt: undefined,
    usedAt: undefined,
  }
}

/** Whether a challenge is one of a factor, to be shown within a session. */
export function isStepUpOf(
  { vault }: Pick<World, 'vault'>,
  { id, digest }: Pick<SignInChallenge, 'id' | 'digest'>,
  factorId: string,
): boolean {
  return vault.matches('sign-in-challenge', stepUpText(id, factorId), digest)
}

/** With a space, which no text of a sign-in's challenge has: neither stands in for the other. */
function stepUpText(id: string, factorId: string): string {
  return `step-up ${id} ${factorId}`
}

/** The id in a challenge's text; undefined for what is none. */
export function parseChallenge(text: string): string | undefined {
  const parts = parseCredential(text, form)
  if (parts?.prefix !== PREFIX || !/^[0-9a-f]{32}$/.test(parts.id)) return undefined
  return parts.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Whether a challenge still leads on, for the holder of this text. */
export function isLive(
  { vault }: Pick<World, 'vault'>,
  challenge: SignInChallenge,
  { text, now }: { readonly text: string; readonly now: Date },
): boolean {
  if (challenge.usedAt !== undefined || challenge.expiresAt <= now) return false
  return vault.matches('sign-in-challenge', text, challenge.digest)
}
