import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type ClientCredentials, findAuthenticClient } from './authenticate.ts'
import { endSession, endToken } from './end.ts'
import { parseRefreshToken } from './refresh-token.ts'
import { verifyAfresh } from './verify-afresh.ts'
import { notYetWritten, writeBackFirst } from './write-back.ts'

export interface RevokeTokenRequest {
  readonly credentials: ClientCredentials
  readonly token: string
}

export interface TokenRevocation {
  /** The key of the client that asked. */
  readonly key: ApiKey
  /** What was ended, named by its id; undefined when the token gave no cause. */
  readonly ended: { readonly kind: 'session' | 'token'; readonly id: string } | undefined
}

/**
 * Ends a token of the client that shows it (RFC 7009): with a refresh token its whole session, with an access token that
 * token and all that were narrowed from it. A token that is another client's, not ours or over changes nothing.
 * Never metered: a client whose quota is used up may still end its tokens.
 */
export async function revokeToken(
  parts: ServiceParts,
  { credentials, token }: RevokeTokenRequest,
  caller: Caller,
): Promise<Result<TokenRevocation, Failure>> {
  const asker = await findAuthenticClient(parts, credentials, caller)
  if (!asker.ok) return asker
  const { key, client } = asker.value
  const ended = await endOwnToken(parts, client.id, token)
  return ended.ok ? ok({ key, ended: ended.value }) : ended
}

async function endOwnToken(
  parts: ServiceParts,
  clientId: string,
  token: string,
): Promise<Result<TokenRevocation['ended'], Failure>> {
  const { world, policy } = parts
  const refreshToken = parseRefreshToken(world, token)
  if (refreshToken !== undefined) {
    const id = refreshToken.sessionId
    // Its tag proves that we made it, so a spent token of the session ends it as well.
    await writeBackFirst(parts, id)
    const found = await world.store.findSession(id)
    const unwritten = found === undefined ? notYetWritten(parts, id, world.now()) : undefined
    if (unwritten !== undefined) return unwritten
    if (found?.client.id !== clientId || found.session.revokedAt !== undefined) return ok(undefined)
    await endSession(parts, id)
    return ok({ kind: 'session', id })
  }
  // Not asked whether it lives: what is told here must hold also for a token whose key is disabled only for now.
  const verified = await verifyAfresh(parts, token, { now: world.now(), audiences: policy.audiences })
  if (!verified.ok || verified.value.clientId !== clientId) return ok(undefined)
  await endToken(parts, verified.value.tokenId)
  return ok({ kind: 'token', id: verified.value.tokenId })
}
