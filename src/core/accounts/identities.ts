import { base64url } from 'jose'
import type { World } from '../ports.ts'
import type { Identity } from './identity.ts'
import type { User } from './user.ts'

/** All that somebody is known by: the address and the number that are ours to know, and what was imported. */
export function identitiesOf(
  world: Pick<World, 'fingerprint'>,
  user: User,
  kept: readonly Identity[],
): readonly Identity[] {
  const { id, email, signInPhone: phone } = user
  const verified = {
    email_verified: user.emailConfirmedAt !== undefined,
    phone_verified: user.phoneConfirmedAt !== undefined,
  }
  const own = [
    ...(email === undefined ? [] : [{ provider: 'email', data: { sub: id, email, ...verified } }]),
    ...(phone === undefined ? [] : [{ provider: 'phone', data: { sub: id, phone, ...verified } }]),
  ]
  const known = new Map(kept.map((identity) => [identity.provider, identity]))
  const ours = own.map(({ provider, data }) => {
    const imported = known.get(provider)
    // What was imported says how they came; whose it is now, and whether that is confirmed, only the user does.
    if (imported !== undefined) return { ...imported, data: { ...imported.data, ...data } }
    return {
      id: derivedId(world, `identity ${provider} ${id}`),
      userId: id,
      provider,
      providerId: id,
      data,
      createdAt: user.createdAt,
      updatedAt: user.updatedAt,
      lastSignInAt: user.lastSignInAt,
    }
  })
  const shown = new Set(ours.map((identity) => identity.id))
  return [...ours, ...kept.filter((identity) => !shown.has(identity.id))]
}

/** A UUID that follows from a text, of the version for those that are made by rules of one's own (RFC 9562 §5.8). */
function derivedId({ fingerprint }: Pick<World, 'fingerprint'>, text: string): string {
  const bytes = base64url.decode(fingerprint(text)).subarray(0, 16)
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-8$3-8$4-$5')
}
