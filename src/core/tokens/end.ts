import type { Client } from '../clients/client.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { type RevocationKind, revocationOf } from './revocations.ts'
import type { Session } from './session.ts'
import { notYetWritten, writeBackFirst } from './write-back.ts'

/** Ends a session: its refresh token and all its access tokens. */
export async function endSession(parts: ServiceParts, id: string): Promise<Result<Session, Failure>> {
  await writeBackFirst(parts, id)
  const revocation = revocationNow(parts, 'session', id)
  const session = await parts.world.store.endSession(id, revocation)
  if (session === undefined) {
    // Else it would come to life after it was ended.
    return notYetWritten(parts, id, revocation.createdAt) ?? fail({ reason: 'session_not_found' })
  }
  noteRevocation(parts.memory, revocation)
  return ok(session)
}

/** Ends one access token, named by its `jti`. That it ever was needs no proof: a name that is none ends nothing. */
export async function endToken(parts: ServiceParts, tokenId: string): Promise<void> {
  const revocation = revocationNow(parts, 'token', tokenId)
  await parts.world.store.insertRevocation(revocation)
  noteRevocation(parts.memory, revocation)
}

/** Ends every session and token of a client that was issued before now. */
export async function cutOffClient(parts: ServiceParts, clientId: string): Promise<Result<Client, Failure>> {
  const revocation = revocationNow(parts, 'client', clientId)
  const client = await parts.world.store.cutOffClient(clientId, revocation)
  if (client === undefined) return fail({ reason: 'client_not_found' })
  noteRevocation(parts.memory, revocation)
  return ok(client)
}

function revocationNow({ world, policy }: ServiceParts, kind: RevocationKind, subject: string) {
  return revocationOf({ kind, subject }, { now: world.now(), clockSkewSeconds: policy.clockSkewSeconds })
}
