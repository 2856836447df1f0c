import type { ApiKey } from '../keys/api-key.ts'
import { cleanText } from '../keys/clean-text.ts'
import type { AuditDraft, AuditKind } from './event.ts'

/** What is told of tokens that were handed out. */
export function tokensTold(
  kind: AuditKind,
  { key, sessionId, tokenId }: { readonly key: ApiKey; readonly sessionId: string; readonly tokenId: string },
): AuditDraft {
  return { ...keyTold(key), kind, sessionId, details: { token_id: tokenId } }
}

/** Whose key did it, where the key itself was shown. */
export function keyTold({ id, clientId }: ApiKey): Pick<AuditDraft, 'keyId' | 'clientId'> {
  return { keyId: id, clientId }
}

/** What is told of a key that was made. */
export function keyCreated(key: ApiKey): AuditDraft {
  return {
    kind: 'key.create',
    target: key.id,
    details: {
      name: cleanText(key.name),
      client_id: key.clientId,
      permissions: key.permissions,
      expires_at: key.expiresAt?.toISOString() ?? null,
      canary: key.canary,
    },
  }
}
