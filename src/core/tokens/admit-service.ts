import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { parseApiKey } from '../keys/api-key.ts'
import { servicePermission } from '../keys/supabase-key.ts'
import { unmetered } from '../limits/meter.ts'
import { covers } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type AdmittedCall, admitCall } from './admit-call.ts'
import { admitKeyCall } from './admit-key-call.ts'
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
  const { world, policy, memory } = parts
  if (parseApiKey(credential) !== undefined) return programOnly(await admitKeyCall(parts, credential, caller))
  const fingerprint = world.fingerprint(credential)
  const role = await memory.legacyKeys.roleOf({ text: credential, fingerprint }, world.now())
  if (role === undefined) return programOnly(await admitCall(parts, credential, { caller }))
  if (role === 'anon') return notPermitted
  return ok({ principal: legacyPrincipal(policy, world.now()), key: undefined, meter: unmetered })
}

const notPermitted = fail({ reason: 'permission_missing', needed: servicePermission } as const)

function programOnly(admitted: Result<AdmittedCall, Failure>): Result<AdmittedCall, Failure> {
  if (!admitted.ok) return admitted
  const { assurance, permissions } = admitted.value.principal
  return assurance === undefined && covers(permissions, servicePermission) ? admitted : notPermitted
}

/** Whom a key of a former installation speaks for: of no client of ours, by this name in the audit log. */
function legacyPrincipal({ issuer, audiences: [own] }: ServiceParts['policy'], now: Date): Principal {
  return {
    issuer,
    subject: servicePermission,
    audiences: [own],
    clientId: servicePermission,
    keyId: undefined,
    assurance: undefined,
    sessionId: '',
    tokenId: '',
    permissions: [servicePermission],
    parentTokenIds: [],
    delegate: undefined,
    issuedAt: Math.floor(now.getTime() / 1000),
    expiresAt: Infinity,
  }
}
