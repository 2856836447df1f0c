import { formatCredential, parseCredential } from '../keys/credential-text.ts'
import type { World } from '../ports.ts'
import { noneBeside, type OneTimeToken, type OneTimeTokenPurpose } from './one-time-token.ts'

/** The id is the row's UUID without dashes; the secret is 166 drawn bits. */
const form = { idLength: 32, secretLength: 28 } as const
const PREFIX = 'got'

export interface OneTimeTokenOrder
  extends Partial<Pick<OneTimeToken, keyof typeof noneBeside | 'attemptsLeft'>> {
  readonly userId: string
  readonly purpose: OneTimeTokenPurpose
  /** The address that it is mailed to, or that it is about. */
  readonly email: string | undefined
  readonly ttlSeconds: number
}

/** Makes a token to be mailed: its text, which is kept nowhere, and its record. */
export function mintOneTimeToken(
  world: Pick<World, 'newId' | 'randomText' | 'vault'>,
  { userId, purpose, email, ttlSeconds, ...beside }: OneTimeTokenOrder,
  now: Date,
): { readonly text: string; readonly token: OneTimeToken } {
  const id = world.newId()
  const secret = world.randomText(form.secretLength)
  const text = formatCredential({ prefix: PREFIX, id: id.replaceAll('-', ''), secret })
  return {
    text,
    token: {
      id,
      userId,
      purpose,
      digest: digestOf(world, purpose, text),
      email,
      createdAt: now,
      expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
      usedAt: undefined,
      attemptsLeft: undefined,
      ...noneBeside,
      ...beside,
    },
  }
}

/** Finds the token that a text is, if it is good for `purpose` at `now`. Whether it is still unused the store settles. */
export async function findOneTimeToken(
  world: Pick<World, 'vault' | 'store'>,
  text: string,
  { purpose, now }: { readonly purpose: OneTimeTokenPurpose; readonly now: Date },
): Promise<OneTimeToken | undefined> {
  const token = await findGenuineToken(world, text, [purpose])
  return token !== undefined && isUsable(token, now) ? token : undefined
}

/** Whether a token has neither been used nor run out. */
export function isUsable(
  { usedAt, expiresAt }: Pick<OneTimeToken, 'usedAt' | 'expiresAt'>,
  now: Date,
): boolean {
  return usedAt === undefined && expiresAt > now
}

/** The token that a text is, of one of these purposes, used up and run out too. */
export async function findGenuineToken(
  world: Pick<World, 'vault' | 'store'>,
  text: string,
  purposes: readonly OneTimeTokenPurpose[],
): Promise<OneTimeToken | undefined> {
  const parts = parseCredential(text, form)
  if (parts === undefined || parts.prefix !== PREFIX || !/^[0-9a-f]{32}$/.test(parts.id)) return undefined
  const id = parts.id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  const token = await world.store.findOneTimeToken(id)
  if (token === undefined || !purposes.includes(token.purpose)) return undefined
  return world.vault.matches('one-time-token', digested(token.purpose, text), token.digest)
    ? token
    : undefined
}

function digestOf(world: Pick<World, 'vault'>, purpose: OneTimeTokenPurpose, text: string): string {
  return world.vault.digest('one-time-token', digested(purpose, text))
}

/** The purpose is part of it: a row whose purpose is altered matches no token. */
function digested(purpose: OneTimeTokenPurpose, text: string): string {
  return `${purpose} ${text}`
}
