import { type AccountService, bindAccounts } from './accounts/account-service.ts'
import { type AdministrationService, bindAdministration } from './accounts/administration.ts'
import { bindOwnAccount, type OwnAccountService } from './accounts/own-account-service.ts'
import type { AuditFilter, StoredAuditEvent } from './audit/audit-store.ts'
import { audited } from './audit/audited.ts'
import { type AuditFollow, type AuditSpan, followAuditEvents, listAuditEvents } from './audit/read.ts'
import { type ChainVerdict, verifyAuditChain } from './audit/verify-chain.ts'
import type { Actor, Caller } from './caller.ts'
import type { Client } from './clients/client.ts'
import { createClient, type NewClient } from './clients/create.ts'
import { type Explanation, explain, type Question } from './explain/explain.ts'
import type { Failure } from './failure.ts'
import type { ApiKey } from './keys/api-key.ts'
import * as changes from './keys/change.ts'
import { type IssuedKey, issueKey, type KeyOrder } from './keys/issue.ts'
import type { KeyUsage } from './keys/key-usage.ts'
import { type Rotation, rotateKey } from './keys/rotate.ts'
import { type LeakReport, reportLeak } from './leaks/report.ts'
import type { LimitState } from './limits/rate-limit.ts'
import { type RouteTake, takeRouteRate } from './limits/route-rate.ts'
import { idForms, type Listing, listing, type PageRequest, parsePage } from './page.ts'
import { covers } from './permissions.ts'
import type { Policy } from './policy.ts'
import { fail, ok, type Result } from './result.ts'
import type { ServiceParts } from './service-parts.ts'
import { type Admit, type AdmittedCall, admitCall } from './tokens/admit-call.ts'
import { admitKeyCall } from './tokens/admit-key-call.ts'
import { importSigningKey, retireSigningKey, rotateSigningKeys } from './tokens/change-signing-keys.ts'
import { cutOffClient, endSession, endToken } from './tokens/end.ts'
import { type ExchangeRequest, exchange, findGenuineKey, type TokenPair } from './tokens/exchange.ts'
import {
  type Asker,
  type Introspection,
  type IntrospectRequest,
  introspect,
  introspectAsClient,
  type TokenReport,
} from './tokens/introspect.ts'
import type { BroughtKey } from './tokens/key-material.ts'
import { revocationsAgeSeconds } from './tokens/knows-revocations.ts'
import { type NarrowedToken, type NarrowTokenRequest, narrowToken } from './tokens/narrow-token.ts'
import {
  type RefreshedToken,
  type RotatedTokens,
  type RotationRequest,
  refresh,
  rotate,
} from './tokens/refresh.ts'
import { type RevokeTokenRequest, revokeToken, type TokenRevocation } from './tokens/revoke.ts'
import type { Session, SessionFilter } from './tokens/session.ts'
import type { SigningKeyRecord } from './tokens/signing-key-state.ts'
import type { SigningKeys } from './tokens/signing-keys.ts'
import { type Standing, standingOf } from './tokens/standing.ts'
import { mintUpstreamToken, type UpstreamTokenOrder } from './tokens/upstream-tokens.ts'
import type { Principal } from './tokens/verify.ts'

/** The core's whole public face: every use case, bound to a world and a policy. */
export interface Service extends AccountService, AdministrationService, OwnAccountService {
  readonly policy: Policy
  readonly now: () => Date
  readonly newRequestId: () => string
  readonly publicKeySet: () => ReturnType<SigningKeys['publicSet']>
  /** Answers when the store can serve. */
  readonly probe: () => Promise<void>
  /** How long ago the live revocations were last known to be complete. */
  readonly revocationsAgeSeconds: () => number

  readonly exchange: (request: ExchangeRequest, caller: Caller) => Promise<Result<TokenPair, Failure>>
  readonly refresh: (refreshToken: string, caller: Caller) => Promise<Result<RefreshedToken, Failure>>
  /** The same where the refresh token is replaced by its successor. */
  readonly rotate: (request: RotationRequest, caller: Caller) => Promise<Result<RotatedTokens, Failure>>
  readonly narrowToken: (
    request: NarrowTokenRequest,
    caller: Caller,
  ) => Promise<Result<NarrowedToken, Failure>>
  readonly introspectAsClient: (
    request: IntrospectRequest,
    caller: Caller,
  ) => Promise<Result<Introspection, Failure>>
  readonly introspect: (asker: Asker, token: string) => Promise<Result<TokenReport | undefined, Failure>>
  readonly revokeToken: (
    request: RevokeTokenRequest,
    caller: Caller,
  ) => Promise<Result<TokenRevocation, Failure>>
  readonly admit: Admit
  /** Admits a call by an API key itself, where a route takes one. */
  readonly admitKey: (apiKey: string, caller: Caller) => Promise<Result<AdmittedCall, Failure>>
  /** What has become of whom a call was admitted for: for streams, which outlive the question. */
  readonly standing: (principal: Principal) => Promise<Standing>
  /** Tells an upstream who calls, in a JWT of its own. */
  readonly upstreamToken: (principal: Principal, order: UpstreamTokenOrder) => Promise<string>
  /** Counts a call against a route's own limit. */
  readonly takeRouteRate: (take: RouteTake) => Promise<Result<LimitState, Failure>>
  /** Refuses an actor whose token does not carry a permission. */
  readonly authorize: (actor: Actor, needed: string) => Result<Principal, Failure>

  /** Says what would happen to a call and why, without letting it happen. */
  readonly explain: (question: Question) => Promise<Explanation>

  readonly createClient: (actor: Actor, wanted: NewClient) => Promise<Result<Client, Failure>>
  readonly listClients: (page: PageRequest) => Promise<Result<Listing<Client>, Failure>>
  readonly cutOffClient: (actor: Actor, id: string) => Promise<Result<Client, Failure>>

  readonly issueKey: (actor: Actor, order: KeyOrder) => Promise<Result<IssuedKey, Failure>>
  readonly listKeys: (clientId: string, page: PageRequest) => Promise<Result<Listing<ApiKey>, Failure>>
  readonly findKey: (id: string) => Promise<Result<KeyWithUsage, Failure>>
  readonly updateKey: (
    actor: Actor,
    order: { readonly id: string; readonly update: changes.KeyUpdate },
  ) => Promise<Result<ApiKey, Failure>>
  readonly disableKey: (actor: Actor, id: string) => Promise<Result<ApiKey, Failure>>
  readonly enableKey: (actor: Actor, id: string) => Promise<Result<ApiKey, Failure>>
  readonly revokeKey: (
    actor: Actor,
    order: { readonly id: string; readonly reason: string | undefined },
  ) => Promise<Result<ApiKey, Failure>>
  /** Revokes a key by possession: whoever shows it may kill it, and no one else by this way. */
  readonly surrenderKey: (
    order: { readonly id: string | undefined; readonly apiKey: string; readonly reason: string | undefined },
    caller: Caller,
  ) => Promise<Result<ApiKey, Failure>>
  /** Kills a key that was found where it should not be, by possession as well, and tells its owner. */
  readonly reportLeak: (report: LeakReport, caller: Caller) => Promise<Result<ApiKey, Failure>>
  readonly rotateKey: (actor: Actor, rotation: Rotation) => Promise<Result<IssuedKey, Failure>>
  readonly retireKey: (
    actor: Actor,
    order: {
      readonly id: string
      readonly force: boolean
    },
  ) => Promise<Result<ApiKey, Failure>>
  readonly deleteKey: (actor: Actor, id: string) => Promise<Result<void, Failure>>

  readonly listSessions: (filter: SessionFilter) => Promise<readonly Session[]>
  readonly endSession: (actor: Actor, id: string) => Promise<Result<Session, Failure>>
  readonly endToken: (actor: Actor, tokenId: string) => Promise<void>

  /** Newest first. */
  readonly listAuditEvents: (
    filter: AuditFilter,
    page: PageRequest,
  ) => Promise<Result<Listing<StoredAuditEvent>, Failure>>
  /** In the order of the chain: each row once, from where the last look ended. */
  readonly followAuditEvents: (filter: AuditFilter, span: AuditFollow) => Promise<AuditSpan>
  readonly verifyAuditChain: (afterSeq: number | undefined) => Promise<ChainVerdict>

  readonly listSigningKeys: () => Promise<readonly SigningKeyRecord[]>
  readonly importSigningKey: (actor: Actor, brought: BroughtKey) => Promise<Result<SigningKeyRecord, Failure>>
  readonly rotateSigningKeys: (
    actor: Actor,
    how: { readonly now: boolean },
  ) => Promise<Result<SigningKeyRecord, Failure>>
  readonly retireSigningKey: (actor: Actor, kid: string) => Promise<Result<SigningKeyRecord, Failure>>
}

export interface KeyWithUsage {
  readonly key: ApiKey
  readonly usage: KeyUsage | undefined
}

/**
 * Binds the use cases, with the audit log around them. Cheap enough to be done for each request where the store lives
 * no longer than one.
 */
export function createService(parts: ServiceParts): Service {
  return audited(parts, bindUseCases)
}

function bindUseCases(parts: ServiceParts): Service {
  const { world, policy, memory } = parts
  return {
    ...bindAccounts(parts),
    ...bindAdministration(parts),
    ...bindOwnAccount(parts),
    policy,
    now: world.now,
    newRequestId: world.newId,
    publicKeySet: () => memory.signingKeys.publicSet(world.now()),
    probe: world.store.probe,
    revocationsAgeSeconds: () => revocationsAgeSeconds(parts, world.now()),

    exchange: (request, caller) => exchange(parts, request, caller),
    refresh: (refreshToken, caller) => refresh(parts, refreshToken, caller),
    rotate: (request, caller) => rotate(parts, request, caller),
    narrowToken: (request, caller) => narrowToken(parts, request, caller),
    introspectAsClient: (request, caller) => introspectAsClient(parts, request, caller),
    introspect: (asker, token) => introspect(parts, asker, token),
    revokeToken: (request, caller) => revokeToken(parts, request, caller),
    explain: (question) => explain(parts, question),
    admit: (accessToken, caller, how) => admitCall(parts, accessToken, { caller, ...how }),
    admitKey: (apiKey, caller) => admitKeyCall(parts, apiKey, caller),
    standing: (principal) => standingOf(parts, principal),
    upstreamToken: (principal, order) => mintUpstreamToken(parts, principal, order),
    takeRouteRate: (take) => takeRouteRate(world, take),
    authorize: ({ principal }, needed) =>
      covers(principal.permissions, needed) ? ok(principal) : fail({ reason: 'permission_missing', needed }),

    createClient: (actor, wanted) => createClient(world, actor.principal, wanted),
    async listClients(request) {
      const page = parsePage(request, idForms.uuid)
      if (!page.ok) return page
      const rows = await world.store.listClients({ ...page.value, limit: request.limit + 1 })
      return ok(listing(rows, request.limit))
    },
    cutOffClient: (_actor, id) => cutOffClient(parts, id),

    issueKey: (actor, order) => issueKey(parts, actor.principal, order),
    async listKeys(clientId, request) {
      const page = parsePage(request, idForms.apiKey)
      if (!page.ok) return page
      if ((await world.store.findClient(clientId)) === undefined) return fail({ reason: 'client_not_found' })
      const rows = await world.store.listKeys(clientId, { ...page.value, limit: request.limit + 1 })
      return ok(listing(rows, request.limit))
    },
    async findKey(id) {
      const [found, usage] = await Promise.all([world.store.findKey(id), world.store.findKeyUsage(id)])
      return found === undefined ? fail({ reason: 'key_not_found' }) : ok({ key: found.key, usage })
    },
    updateKey: (actor, order) => changes.updateKey(parts, actor.principal, order),
    disableKey: (_actor, id) => changes.disableKey(parts, id),
    enableKey: (actor, id) => changes.enableKey(parts, actor.principal, id),
    revokeKey: (_actor, order) => changes.revokeKey(parts, order),
    async surrenderKey({ id, apiKey, reason }, caller) {
      const genuine = await findGenuineKey(parts, apiKey, caller)
      if (!genuine.ok) return genuine
      const { key } = genuine.value
      if (id !== undefined && key.id !== id) return fail({ reason: 'api_key_invalid' })
      return changes.revokeKey(parts, { id: key.id, reason })
    },
    reportLeak: (report, caller) => reportLeak(parts, report, caller),
    rotateKey: (actor, rotation) => rotateKey(parts, actor.principal, rotation),
    retireKey: (_actor, order) => changes.retireKey(parts, order),
    deleteKey: (_actor, id) => changes.deleteKey(parts, id),

    listSessions: (filter) => world.store.listSessions(filter, world.now()),
    endSession: (_actor, id) => endSession(parts, id),
    endToken: (_actor, tokenId) => endToken(parts, tokenId),

    listAuditEvents: (filter, page) => listAuditEvents(world, filter, page),
    followAuditEvents: (filter, follow) => followAuditEvents(world, filter, follow),
    verifyAuditChain: (afterSeq) => verifyAuditChain(world, afterSeq),

    listSigningKeys: world.store.listSigningKeys,
    importSigningKey: (_actor, brought) => importSigningKey(parts, brought),
    rotateSigningKeys: async (_actor, how) => ok(await rotateSigningKeys(parts, how)),
    retireSigningKey: (_actor, kid) => retireSigningKey(parts, kid),
  }
}
