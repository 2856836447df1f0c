import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { LinkRequest } from './account-limit.ts'
import { admitUser } from './admit-user.ts'
import { parseEmail } from './email.ts'
import { decoyMail } from './mail.ts'
import { takeMessage } from './message-limit.ts'
import { type LinkFlow, linkMail, mintLink } from './one-time-link.ts'
import { admitStranger } from './stranger-limit.ts'

export interface RecoveryRequest extends LinkRequest {
  readonly flow: LinkFlow
}

/**
 * Mails a link and a code that sign in whoever has forgotten their password, so that they set a new one; answers the same
 * after the same work for every address.
 */
export async function sendRecovery(
  parts: ServiceParts,
  { email: address, flow, captcha }: RecoveryRequest,
  caller: Caller,
): Promise<Result<void, Failure>> {
  const { world } = parts
  const now = world.now()
  const email = parseEmail(address)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  const asked = await admitStranger(world, { about: 'recovery', caller, captcha }, now)
  if (!asked.ok) return asked
  const mayAsk = await takeMessage(world, { to: { kind: 'email', email }, about: 'recovery' }, now)
  if (!mayAsk.ok) return mayAsk
  const owner = (await world.store.findUserByEmail(email))?.user
  const admitted = owner !== undefined && admitUser(owner, now).ok
  // For nobody: written as a link of somebody would be, and kept by no table.
  const user = admitted
    ? owner
    : { id: world.newId(), email, locale: undefined, name: undefined, emailConfirmedAt: undefined }
  const link = mintLink(parts, { userId: user.id, purpose: 'recovery', email, flow }, now)
  const mail = linkMail(world, { link, user }, now)
  await world.store.insertOneTimeToken(link.token, { mails: [admitted ? mail : decoyMail(world, now)] })
  return ok(undefined)
}
