import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { mintAuthCode } from './auth-code.ts'
import { findOneTimeProof, type VerifyType } from './find-one-time-proof.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { type MadeChange, makeChange } from './redeem-change.ts'
import { judgeToken, type Redeemed, redeemToken, redemptionOf } from './redeem-proof.ts'
import { takeStrangerQuestion } from './stranger-limit.ts'

/** Where a link leads that was opened in a browser: to a session, to a code to trade for one, or nowhere yet. */
export type LinkFollowed = { readonly redirectTo: string | undefined } & (
  | Redeemed
  | { readonly kind: 'code'; readonly code: string }
)

/** Redeems the token of a link. Where its client keeps a verifier the browser is given a code and no token. */
export async function followLink(
  parts: ServiceParts,
  { hash, type }: { readonly hash: string; readonly type: VerifyType },
  caller: Caller,
): Promise<Result<LinkFollowed, Failure>> {
  const { world } = parts
  const now = world.now()
  const asked = await takeStrangerQuestion(world, { about: 'verify', caller }, now)
  if (!asked.ok) return asked
  const found = await findOneTimeProof(parts, { kind: 'link', type, hash }, now)
  if (!found.ok) return found
  const token = found.value
  const { redirectTo } = token
  if (token.codeChallenge === undefined) {
    const redeemed = await redeemToken(parts, { token, shown: 'link', asked: 'link' }, caller)
    return redeemed.ok ? ok({ ...redeemed.value, redirectTo }) : redeemed
  }
  const change = await makeChange(parts, token, { caller, now })
  if (change === 'refused') return fail({ reason: 'one_time_token_invalid' })
  if (change === 'half') return ok({ kind: 'half', redirectTo })
  const code = await codeFor(parts, { token, change }, now)
  return code.ok ? ok({ kind: 'code', code: code.value, redirectTo }) : code
}

async function codeFor(
  parts: ServiceParts,
  { token, change }: { readonly token: OneTimeToken; readonly change: MadeChange },
  now: Date,
): Promise<Result<string, Failure>> {
  const { world, memory } = parts
  return untilSettled<Result<string, Failure>>(async () => {
    const judged = await judgeToken(parts, { token, change }, now)
    if (judged === undefined) return fail({ reason: 'one_time_token_invalid' })
    if (!judged.ok) return judged
    const { text, token: successor } = mintAuthCode(world, token, now)
    const userVersion = judged.value.user.version
    const written =
      change === 'none'
        ? await world.store.succeedOneTimeToken(redemptionOf(token), successor, { at: now, userVersion })
        : await world.store.insertOneTimeToken(successor, { userVersion })
    if (!written) return changed
    memory.people.forget(token.userId)
    return ok(text)
  })
}
