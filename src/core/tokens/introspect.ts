import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, effectivePermissions, type KeyWithClient } from '../keys/api-key.ts'
import { findKeySession } from '../keys/owned-key.ts'
import { type MeterReading, meterCall } from '../limits/meter.ts'
import { covers, intersect } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from './access-claims.ts'
import { findLiveToken } from './admit-call.ts'
import { type ClientCredentials, findAuthenticClient } from './authenticate.ts'
import { admitSession, standingOf } from './genuine-session.ts'
import { permissionsOf } from './person-tokens.ts'
import { admitPersonSession } from './refresh-person.ts'
import { parseRefreshToken } from './refresh-token.ts'
import { isOfPerson, type KeySession, type Session } from './session.ts'
import type { Principal } from './verify.ts'
import { notYetWritten, writeBackFirst } from './write-back.ts'

/** The permission to be told of tokens of other clients. */
export const introspectPermission = 'tokens:introspect'

/** Who asks: what may be told to them. */
export interface Asker {
  readonly clientId: string
  readonly permissions: readonly string[]
}

/** What is told of a token that lives; of all others nothing is. */
export type TokenReport =
  | { readonly kind: 'access'; readonly principal: Principal }
  | {
      readonly kind: 'refresh'
      readonly session: Session
      readonly permissions: readonly string[]
      readonly audiences: readonly string[]
    }

export interface IntrospectRequest {
  readonly credentials: ClientCredentials
  readonly token: string
}

export interface Introspection {
  readonly report: TokenReport | undefined
  /** The key of the client that asked. */
  readonly key: ApiKey
  readonly meter: MeterReading
}

/** As `introspect`, for a client that shows its key: one call of that key. */
export async function introspectAsClient(
  parts: ServiceParts,
  { credentials, token }: IntrospectRequest,
  caller: Caller,
): Promise<Result<Introspection, Failure>> {
  const { world, memory } = parts
  const found = await findAuthenticClient(parts, credentials, caller)
  if (!found.ok) return found
  const { key, client } = found.value
  const now = world.now()
  const metered = await meterCall(world, key, now)
  if (!metered.ok) return metered
  memory.usage.note(key.id, caller, now)
  const asker = { clientId: client.id, permissions: effectivePermissions(found.value) }
  const report = await introspect(parts, asker, token)
  return report.ok ? ok({ report: report.value, key, meter: metered.value }) : report
}

/** Says what a token is worth now; undefined of one that is not, or that is none of the asker's business. */
export async function introspect(
  parts: ServiceParts,
  asker: Asker,
  token: string,
): Promise<Result<TokenReport | undefined, Failure>> {
  const refreshToken = parseRefreshToken(parts.world, token)
  const report =
    refreshToken === undefined
      ? await reportAccess(parts, token)
      : await reportRefresh(parts, { text: token, sessionId: refreshToken.sessionId })
  if (!report.ok) return isUnknowable(report.failure) ? report : ok(undefined)
  return ok(mayKnow(asker, report.value) ? report.value : undefined)
}

/** What cannot be told now is not told to be dead. */
function isUnknowable({ reason }: Failure): boolean {
  return reason === 'revocations_stale' || reason === 'session_unwritten'
}

function mayKnow({ clientId, permissions }: Asker, report: TokenReport): boolean {
  const { owner, subject } = holderOf(report)
  return clientId === owner || clientId === subject || covers(permissions, introspectPermission)
}

/** The client that a token is held by, and whom it speaks for. */
export function holderOf(report: TokenReport): { readonly owner: string; readonly subject: string } {
  if (report.kind === 'access') return { owner: report.principal.clientId, subject: report.principal.subject }
  const { session } = report
  if (isOfPerson(session)) return { owner: personClientId, subject: session.userId }
  return { owner: session.clientId, subject: session.clientId }
}

async function reportAccess(parts: ServiceParts, token: string): Promise<Result<TokenReport, Failure>> {
  const { world, policy } = parts
  const live = await findLiveToken(parts, token, { now: world.now(), audiences: policy.audiences })
  return live.ok ? ok({ kind: 'access', principal: live.value.principal }) : live
}

/** A token that was rotated is spent for those who ask, though its own client may show it once more. */
async function reportRefresh(
  parts: ServiceParts,
  { text, sessionId }: { readonly text: string; readonly sessionId: string },
): Promise<Result<TokenReport, Failure>> {
  const { world, policy } = parts
  await writeBackFirst(parts, sessionId)
  const found = await findKeySession(parts, sessionId, world.now())
  if (found === undefined) {
    const unwritten = notYetWritten(parts, sessionId, world.now())
    return unwritten ?? reportPersonRefresh(parts, { text, sessionId })
  }
  if (standingOf(parts, found.session, text) !== 'current') {
    return fail({ reason: 'refresh_token_invalid' })
  }
  const admitted = admitSession(found, world.now())
  if (!admitted.ok) return admitted
  return ok({ kind: 'refresh', session: found.session, ...reachOf(found, found.session, policy.audiences) })
}

async function reportPersonRefresh(
  parts: ServiceParts,
  { text, sessionId }: { readonly text: string; readonly sessionId: string },
): Promise<Result<TokenReport, Failure>> {
  const { world, policy } = parts
  const found = await world.store.findPersonSession(sessionId)
  if (found === undefined || standingOf(parts, found.session, text) !== 'current') {
    return fail({ reason: 'refresh_token_invalid' })
  }
  const admitted = admitPersonSession(found, world.now())
  if (!admitted.ok) return admitted
  const { session } = found
  const audiences = session.audiences ?? policy.audiences
  return ok({ kind: 'refresh', session, permissions: permissionsOf(policy, found), audiences })
}

function reachOf(
  found: KeyWithClient,
  { permissions, audiences }: KeySession,
  all: readonly string[],
): { readonly permissions: readonly string[]; readonly audiences: readonly string[] } {
  const held = effectivePermissions(found)
  return {
    permissions: permissions === undefined ? held : intersect(held, permissions),
    audiences: audiences ?? all,
  }
}
