import type { World } from '../ports.ts'
import type { Factor } from './factor.ts'
import { openFactorSecret } from './factor-secret.ts'
import { isMailedCode } from './mailed-code.ts'
import { matchRecoveryCode } from './recovery-code.ts'
import type { FactorProof } from './second-factor-store.ts'

type Proving = Pick<World, 'store' | 'vault' | 'oneTimeCodes'>

/** A code of one of these apps, of a time step that none was taken of before; undefined when it is none. */
export function proveApp(
  world: Pick<World, 'vault' | 'oneTimeCodes'>,
  { factors, code }: { readonly factors: readonly Factor[]; readonly code: string },
  now: Date,
): (FactorProof & { readonly kind: 'totp' }) | undefined {
  for (const factor of factors) {
    const secret = openFactorSecret(world, factor)
    const step = secret === undefined ? undefined : world.oneTimeCodes.matches(secret, code, now)
    if (step !== undefined && step > (factor.lastStep ?? -1))
      return { kind: 'totp', factorId: factor.id, step }
  }
  return undefined
}

/** One of the codes that stand in for a lost factor. */
export async function proveRecoveryCode(
  world: Proving,
  { userId, code }: { readonly userId: string; readonly code: string },
): Promise<FactorProof | undefined> {
  const codes = await world.store.listRecoveryCodes(userId)
  const found = matchRecoveryCode(world, { userId, codes, text: code })
  return found && { kind: 'recovery_code', codeId: found.id }
}

/** The code that was mailed last to somebody who is signed in. Each look costs one of its tries. */
export async function proveMailedCode(
  world: Proving,
  { userId, code }: { readonly userId: string; readonly code: string },
  now: Date,
): Promise<FactorProof | undefined> {
  const token = await world.store.takeFactorCodeAttempt(userId, now)
  if (token === undefined || !isMailedCode(world, { forId: token.id, code, digest: token.digest }))
    return undefined
  return { kind: 'mailed_code', tokenId: token.id }
}

/** Whatever a code is that somebody who is signed in shows: of an app, from a mail, or a recovery code. */
export async function proveAny(
  world: Proving,
  {
    userId,
    factors,
    code,
  }: { readonly userId: string; readonly factors: readonly Factor[]; readonly code: string },
  now: Date,
): Promise<FactorProof | undefined> {
  const active = factors.filter(({ activatedAt }) => activatedAt !== undefined)
  const app = proveApp(world, { factors: active, code }, now)
  if (app !== undefined) return app
  if (active.some(({ kind }) => kind === 'email')) {
    const mailed = await proveMailedCode(world, { userId, code }, now)
    if (mailed !== undefined) return mailed
  }
  return proveRecoveryCode(world, { userId, code })
}
