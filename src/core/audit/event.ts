import type { Caller } from '../caller.ts'
import { cleanText } from '../keys/clean-text.ts'
import type { World } from '../ports.ts'

/** Everything that the audit log tells of. docs/audit.md has a row for each. */
export const auditKinds = [
  'start.first',
  'exchange',
  'refresh',
  'user.register',
  'user.register-known',
  'user.email-confirm',
  'user.password-change',
  'user.password-reset',
  'user.email-change-ask',
  'user.email-change',
  'user.email-undo',
  'user.phone-change',
  'user.update',
  'user.export',
  'user.delete',
  'user.erase',
  'sign-in',
  'sign-out',
  'refusal',
  'canary.use',
  'client.create',
  'client.cut-off',
  'key.create',
  'key.update',
  'key.disable',
  'key.enable',
  'key.rotate',
  'key.retire',
  'key.revoke',
  'key.surrender',
  'key.leak',
  'key.purge',
  'role.create',
  'role.update',
  'role.delete',
  'user.create',
  'user.invite',
  'user.invite-accept',
  'user.link',
  'user.disable',
  'user.enable',
  'user.restore',
  'user.force-password-reset',
  'user.end-sessions',
  'user.clear-factors',
  'user.import',
  'session.end',
  'session.raise',
  'token.narrow',
  'token.end',
  'factor.enrol',
  'factor.activate',
  'factor.remove',
  'recovery-codes.renew',
  'signing-key.create',
  'signing-key.rotate',
  'signing-key.import',
  'signing-key.retire',
] as const
export type AuditKind = (typeof auditKinds)[number]

/** The kinds that anybody can cause at will: a row counts all of one minute, so that a flood cannot fill the disk. */
export const countedKinds = ['refusal', 'canary.use'] as const satisfies readonly AuditKind[]
export type CountedKind = (typeof countedKinds)[number]

/** One row of the audit log. It names keys, sessions and tokens by their ids and holds no secret. */
export interface AuditEvent {
  readonly id: string
  /** For a counted kind the beginning of the minute that it counts. */
  readonly at: Date
  readonly kind: AuditKind
  /** Who did it: the client, the key that they came with, and the session of their token. */
  readonly clientId: string | undefined
  readonly keyId: string | undefined
  readonly sessionId: string | undefined
  /** The person who did it; undefined where it was a machine. */
  readonly userId: string | undefined
  /** The id of what it was done to. */
  readonly target: string | undefined
  readonly reason: string | undefined
  readonly address: string | undefined
  readonly userAgent: string | undefined
  readonly requestId: string | undefined
  readonly count: number
  readonly details: Readonly<Record<string, unknown>>
}

/** What a use case says of itself; the rest of the row is the call's. */
export interface AuditDraft {
  readonly kind: AuditKind
  readonly clientId?: string | undefined
  readonly keyId?: string | undefined
  readonly sessionId?: string | undefined
  readonly userId?: string | undefined
  readonly target?: string | undefined
  readonly reason?: string | undefined
  readonly details?: Readonly<Record<string, unknown>>
}

/** Makes the row of something that has just been done; `caller` is undefined for what the gateway does by itself. */
export function auditEvent(
  world: Pick<World, 'now' | 'newId'>,
  draft: AuditDraft,
  caller: Caller | undefined,
): AuditEvent {
  return {
    id: world.newId(),
    at: world.now(),
    kind: draft.kind,
    clientId: draft.clientId,
    keyId: draft.keyId,
    sessionId: draft.sessionId,
    userId: draft.userId,
    target: draft.target,
    reason: cleanText(draft.reason),
    address: caller?.address,
    userAgent: cleanText(caller?.userAgent),
    requestId: caller?.requestId,
    count: 1,
    details: draft.details ?? {},
  }
}
