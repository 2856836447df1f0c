import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { parseApiKey } from '../keys/api-key.ts'
import { anonPermission, servicePermission } from '../keys/supabase-key.ts'
import { unmetered } from '../limits/meter.ts'
import { covers } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type AdmittedCall, admitCall } from './admit-call.ts'
import { admitKeyCall } from './admit-key-call.ts'
import type { LegacyRole } from './legacy-keys.ts'
import type { Principal } from './verify.ts'

/**
 * Admits one of the operator's own programs, as the Supabase face knows them: by an API key that permits it, by a token
 * of such a key, or by a key of a former installation. Nobody is one by being somebody: a person's token never will do.
 */
export async function admitService(
  parts: ServiceParts,
  credential: string,
  caller: Caller,
): Promise<Result<AdmittedCall, Failure>> {
  const admitted = await admitCredential(parts, credential, caller)
  if (!admitted.ok) return admitted
  const { assurance, permissions, keyId } = admitted.value.principal
  if (assurance !== undefined || !covers(permissions, servicePermission)) {
    return fail({ reason: 'permission_missing', needed: servicePermission })
  }
  return isBrowser(caller) ? fail({ reason: 'secret_key_in_browser', keyId }) : admitted
}

/**
 * Admits the key by which an application names itself, beside whoever uses it. Undefined for what is no key of ours: one of
 * a former installation names nobody. A secret one is refused where everybody can read it.
 */
export async function admitApplication(
  parts: ServiceParts,
  key: string,
  caller: Caller,
): Promise<Result<AdmittedCall | undefined, Failure>> {
  if (parseApiKey(key) === undefined) return ok(undefined)
  const admitted = await admitKeyCall(parts, key, caller)
  if (!admitted.ok) return admitted
  const { permissions, keyId } = admitted.value.principal
  const isSecret = covers(permissions, servicePermission)
  return isSecret && isBrowser(caller) ? fail({ reason: 'secret_key_in_browser', keyId }) : admitted
}

async function admitCredential(
  parts: ServiceParts,
  credential: string,
  caller: Caller,
): Promise<Result<AdmittedCall, Failure>> {
  const { world, policy, memory } = parts
  if (parseApiKey(credential) !== undefined) return admitKeyCall(parts, credential, caller)
  const fingerprint = world.fingerprint(credential)
  const role = await memory.legacyKeys.roleOf({ text: credential, fingerprint }, world.now())
  if (role === undefined) return admitCall(parts, credential, { caller })
  return ok({ principal: legacyPrincipal(policy, role, world.now()), key: undefined, meter: unmetered })
}

/** Whoever looks at a page reads all that it sends. Every browser calls itself by this name, and no program has to. */
function isBrowser({ userAgent }: Caller): boolean {
  return /^(?:mozilla|opera)\//i.test(userAgent ?? '')
}

/** Whom a key of a former installation speaks for: of no client of ours, by this name in the audit log. */
function legacyPrincipal(
  { issuer, audiences: [own] }: ServiceParts['policy'],
  role: LegacyRole,
  now: Date,
): Principal {
  const name = { service_role: servicePermission, anon: anonPermission }[role]
  return {
    issuer,
    subject: name,
    audiences: [own],
    clientId: name,
    keyId: undefined,
    assurance: undefined,
    sessionId: '',
    tokenId: '',
    permissions: [name],
    parentTokenIds: [],
    delegate: undefined,
    issuedAt: Math.floor(now.getTime() / 1000),
    expiresAt: Infinity,
  }
}
