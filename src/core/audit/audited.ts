import { auditedAccounts } from '../accounts/audited-accounts.ts'
import { auditedAdministration, type UnauditedAdministration } from '../accounts/audited-administration.ts'
import type { OneTimeUnaudited } from '../accounts/audited-one-time.ts'
import { auditedOwnAccount, type OwnAccountReading } from '../accounts/audited-own-account.ts'
import { after } from '../eventually.ts'
import { parseApiKey } from '../keys/api-key.ts'
import { cleanText } from '../keys/clean-text.ts'
import type { Service } from '../service.ts'
import type { ServiceParts } from '../service-parts.ts'
import { createAuditRecorder } from './recorder.ts'
import { keyCreated, keyTold, tokensTold } from './told.ts'

/** What changes nothing and is not asked in anybody's name. A use case that is not among these must be audited below. */
type Unaudited =
  | UnauditedAdministration
  | 'policy'
  | 'now'
  | 'newRequestId'
  | 'publicKeySet'
  | 'probe'
  | 'revocationsAgeSeconds'
  | 'explain'
  | 'standing'
  | 'upstreamToken'
  | 'takeRouteRate'
  | 'introspect'
  | 'listClients'
  | 'listKeys'
  | 'findKey'
  | 'listSessions'
  | 'listAuditEvents'
  | 'followAuditEvents'
  | 'verifyAuditChain'
  | 'listSigningKeys'
  | 'listFactors'
  | 'sendFactorCode'
  | 'challengeFactor'
  | 'readProfile'
  | 'readAccountView'
  | OwnAccountReading
  | OneTimeUnaudited

/**
 * Puts the audit log around the use cases: what was done is written down before it is answered, and when it cannot be
 * written the call fails; what was refused is counted.
 */
export function audited(parts: ServiceParts, bind: (parts: ServiceParts) => Service): Service {
  const { world, memory } = parts
  const recorder = createAuditRecorder(parts)
  const { byActor, byCredential, recordBy, refused } = recorder

  // A canary is answered as an unknown key is: only its alarm tells.
  const service = bind({
    ...parts,
    world: {
      ...world,
      raise(alarm) {
        if (alarm.kind === 'canary.used') {
          const { keyId, clientId } = alarm
          memory.audit.note({ kind: 'canary.use', reason: alarm.kind, keyId, clientId }, alarm, world.now())
        }
        world.raise(alarm)
      },
    },
  })

  const recorded: Omit<Service, Unaudited> = {
    ...auditedAccounts(service, recorder),
    ...auditedAdministration(service, recorder),
    ...auditedOwnAccount(service, recorder),
    exchange: (request, caller) =>
      byCredential(service.exchange(request, caller), {
        caller,
        keyId: () => parseApiKey(request.apiKey)?.id,
        // Its row was committed with the session, in one statement.
        draft: () => undefined,
      }),
    refresh: (refreshToken, caller) =>
      byCredential(service.refresh(refreshToken, caller), {
        caller,
        draft: (tokens) => tokensTold('refresh', tokens),
      }),
    rotate: (request, caller) =>
      byCredential(service.rotate(request, caller), {
        caller,
        keyId: () => parseApiKey(request.credentials.apiKey)?.id,
        draft: (tokens) => tokensTold('refresh', tokens),
      }),
    narrowToken: (request, caller) =>
      byCredential(service.narrowToken(request, caller), {
        caller,
        keyId: () => parseApiKey(request.credentials.apiKey)?.id,
        draft: (tokens) => tokensTold('token.narrow', tokens),
      }),
    introspectAsClient: (request, caller) =>
      byCredential(service.introspectAsClient(request, caller), {
        caller,
        keyId: () => parseApiKey(request.credentials.apiKey)?.id,
        draft: () => undefined,
      }),
    revokeToken: (request, caller) =>
      byCredential(service.revokeToken(request, caller), {
        caller,
        keyId: () => parseApiKey(request.credentials.apiKey)?.id,
        draft: ({ key, ended }) =>
          ended && {
            ...keyTold(key),
            kind: ended.kind === 'session' ? 'session.end' : 'token.end',
            target: ended.id,
          },
      }),
    // Good calls are not recorded: the request log has them, and how often a key is used stands with the key.
    admit: (accessToken, caller, how) =>
      after(service.admit(accessToken, caller, how), (result) => {
        if (!result.ok) refused(result.failure, {}, caller)
        return result
      }),
    admitKey: (apiKey, caller) =>
      byCredential(service.admitKey(apiKey, caller), {
        caller,
        keyId: () => parseApiKey(apiKey)?.id,
        draft: () => undefined,
      }),
    authorize(actor, needed) {
      const result = service.authorize(actor, needed)
      if (!result.ok) refused(result.failure, actor.principal, actor.caller)
      return result
    },

    createClient: (actor, wanted) =>
      byActor(service.createClient(actor, wanted), {
        actor,
        draft: ({ id, name, permissions, ownerId }) => ({
          kind: 'client.create',
          target: id,
          details: { name: cleanText(name), permissions, ...(ownerId && { owner_id: ownerId }) },
        }),
      }),
    cutOffClient: (actor, id) =>
      byActor(service.cutOffClient(actor, id), {
        actor,
        draft: () => ({ kind: 'client.cut-off', target: id }),
      }),

    issueKey: (actor, order) =>
      byActor(service.issueKey(actor, order), {
        actor,
        draft: ({ key }) => keyCreated(key),
      }),
    updateKey: (actor, order) =>
      byActor(service.updateKey(actor, order), {
        actor,
        draft: ({ id, permissions }) => ({
          kind: 'key.update',
          target: id,
          details: { fields: namesSet(order.update), permissions },
        }),
      }),
    disableKey: (actor, id) =>
      byActor(service.disableKey(actor, id), { actor, draft: () => ({ kind: 'key.disable', target: id }) }),
    enableKey: (actor, id) =>
      byActor(service.enableKey(actor, id), { actor, draft: () => ({ kind: 'key.enable', target: id }) }),
    rotateKey: (actor, rotation) =>
      byActor(service.rotateKey(actor, rotation), {
        actor,
        draft: ({ key }) => ({ kind: 'key.rotate', target: rotation.id, details: { successor_id: key.id } }),
      }),
    retireKey: (actor, order) =>
      byActor(service.retireKey(actor, order), {
        actor,
        draft: () => ({ kind: 'key.retire', target: order.id, details: { force: order.force } }),
      }),
    revokeKey: (actor, order) =>
      byActor(service.revokeKey(actor, order), {
        actor,
        draft: () => ({ kind: 'key.revoke', target: order.id, reason: order.reason }),
      }),
    surrenderKey: (order, caller) =>
      byCredential(service.surrenderKey(order, caller), {
        caller,
        draft: (key) => ({ ...keyTold(key), kind: 'key.surrender', target: key.id, reason: order.reason }),
      }),
    reportLeak: (report, caller) =>
      byCredential(service.reportLeak(report, caller), {
        caller,
        draft: (key) => ({
          ...keyTold(key),
          kind: 'key.leak',
          target: key.id,
          details: { source: cleanText(report.source) ?? null },
        }),
      }),
    deleteKey: (actor, id) =>
      byActor(service.deleteKey(actor, id), { actor, draft: () => ({ kind: 'key.purge', target: id }) }),

    endSession: (actor, id) =>
      byActor(service.endSession(actor, id), { actor, draft: () => ({ kind: 'session.end', target: id }) }),
    async endToken(actor, tokenId) {
      await service.endToken(actor, tokenId)
      await recordBy(actor, { kind: 'token.end', target: tokenId })
    },

    rotateSigningKeys: (actor, how) =>
      byActor(service.rotateSigningKeys(actor, how), {
        actor,
        draft: ({ kid }) => ({ kind: 'signing-key.rotate', target: kid, details: { now: how.now } }),
      }),
    importSigningKey: (actor, brought) =>
      byActor(service.importSigningKey(actor, brought), {
        actor,
        draft: ({ kid, origin }) => ({ kind: 'signing-key.import', target: kid, details: { origin } }),
      }),
    retireSigningKey: (actor, kid) =>
      byActor(service.retireSigningKey(actor, kid), {
        actor,
        draft: () => ({ kind: 'signing-key.retire', target: kid }),
      }),
  }
  return { ...service, ...recorded }
}

function namesSet(update: object): readonly string[] {
  return Object.entries(update).flatMap(([name, value]) => (value === undefined ? [] : [name]))
}
