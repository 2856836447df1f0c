import type {
  ImportedFactor,
  ImportedIdentity,
  ImportedUser,
  ImportFault,
} from '../../core/accounts/imported-user.ts'
import { parsePhone } from '../../core/accounts/phone.ts'
import { parseInput } from '../../http/parse-input.ts'
import { isUuid } from './ids.ts'
import { faultsOf, type ReadFile, type Skipped } from './import-file.ts'
import { readExport } from './supabase-export.ts'
import { type FactorRow, type IdentityRow, identityRow, type UserRow, userRow } from './supabase-rows.ts'

/** As authenticator apps are given it: at least 80 bits in base32. */
const BASE32_SECRET = /^[A-Z2-7]{16,128}$/

/**
 * Reads an export of `auth.users` with what hangs on its rows.
 * @param identitiesFile an export of `auth.identities`, where the rows of the users do not hold theirs
 * @throws CliError
 */
export async function readSupabaseUsers(file: string, identitiesFile: string | undefined): Promise<ReadFile> {
  const beside = identitiesFile === undefined ? noneBeside : await readIdentities(identitiesFile)
  const skipped: Skipped[] = []
  const faults: ImportFault[] = []
  const seen = new Set<string>()
  const rows = await readExport(file, 'users')
  const users = rows.flatMap((value, row) => {
    const parsed = parseInput(userRow, value)
    if (!parsed.ok) {
      faults.push(...faultsOf(row, parsed.failure))
      return []
    }
    seen.add(parsed.value.id)
    const read = userOf(row, parsed.value, beside.of(parsed.value.id))
    skipped.push(...read.skipped)
    faults.push(...read.faults)
    return [read.user]
  })
  return { users, faults, skipped: [...skipped, ...beside.skippedWithout(seen)] }
}

interface Beside {
  readonly of: (userId: string) => readonly IdentityRow[]
  /** What is told of identities that are nobody's in the file of users, or cannot be read. */
  readonly skippedWithout: (userIds: ReadonlySet<string>) => readonly Skipped[]
}

const noneBeside: Beside = { of: () => [], skippedWithout: () => [] }

async function readIdentities(file: string): Promise<Beside> {
  const rows = await readExport(file, 'identities')
  const read = rows.map((value, row) => ({ row, parsed: parseInput(identityRow, value) }))
  const byUser = new Map<string, IdentityRow[]>()
  for (const { parsed } of read) {
    const userId = parsed.ok ? parsed.value.user_id : undefined
    if (!parsed.ok || userId === undefined) continue
    const theirs = byUser.get(userId) ?? []
    theirs.push(parsed.value)
    byUser.set(userId, theirs)
  }
  return {
    of: (userId) => byUser.get(userId) ?? [],
    skippedWithout: (userIds) =>
      read.flatMap(({ row, parsed }) => {
        const place = `identities[${row}]`
        if (!parsed.ok) {
          return [{ place, problem: `This is no identity: ${parsed.failure[0]?.message ?? ''}` }]
        }
        const userId = parsed.value.user_id
        if (userId !== undefined && userIds.has(userId)) return []
        return [{ place, problem: 'The file of users has nobody with its user_id.' }]
      }),
  }
}

interface ReadUser {
  readonly user: ImportedUser
  readonly faults: readonly ImportFault[]
  readonly skipped: readonly Skipped[]
}

function userOf(row: number, from: UserRow, beside: readonly IdentityRow[]): ReadUser {
  // Whoever was deleted there has left a digest in the place of their address, and of their number.
  const isGone = from.deleted_at !== undefined
  const email = isGone && !from.email?.includes('@') ? undefined : from.email
  const signInPhone = parsePhone(from.phone ?? '')
  const isPhoneWrong = from.phone !== undefined && signInPhone === undefined && !isGone
  const factors = readFactors(row, from.mfa_factors ?? from.factors ?? [])
  const user: ImportedUser = {
    row,
    id: from.id,
    email,
    username: undefined,
    passwordHash: from.encrypted_password,
    emailConfirmedAt: email === undefined ? undefined : from.email_confirmed_at,
    createdAt: from.created_at,
    role: undefined,
    name: undefined,
    surname: undefined,
    phone: undefined,
    locale: undefined,
    avatarUrl: undefined,
    metadata: from.raw_user_meta_data ?? from.user_metadata ?? {},
    standing: {
      signInPhone,
      phoneConfirmedAt: signInPhone === undefined ? undefined : from.phone_confirmed_at,
      isAnonymous: from.is_anonymous ?? false,
      bannedUntil: from.banned_until,
      deletedAt: from.deleted_at,
      appMetadata: from.raw_app_meta_data ?? from.app_metadata ?? {},
      lastSignInAt: from.last_sign_in_at,
      invitedAt: from.invited_at,
      ...(from.role !== undefined && { claimRole: from.role }),
      ...(from.updated_at !== undefined && { updatedAt: from.updated_at }),
    },
    identities: (from.identities ?? beside).map(identityOf),
    factors: factors.kept,
  }
  const phone = 'This is not a number with its country code, digits alone.'
  return {
    user,
    faults: isPhoneWrong ? [{ row, field: 'phone', problem: phone }] : [],
    skipped: factors.skipped,
  }
}

/** Before 2023 the id of the row was how the provider names the person, as it still is in the admin API. */
function identityOf(from: IdentityRow): ImportedIdentity {
  const id = from.identity_id ?? (from.provider_id === undefined ? undefined : from.id)
  return {
    id: id !== undefined && isUuid(id) ? id.toLowerCase() : undefined,
    provider: from.provider,
    providerId: from.provider_id ?? from.id ?? '',
    data: from.identity_data ?? {},
    createdAt: from.created_at,
    updatedAt: from.updated_at,
    lastSignInAt: from.last_sign_in_at,
  }
}

function readFactors(
  row: number,
  rows: readonly FactorRow[],
): { readonly kept: readonly ImportedFactor[]; readonly skipped: readonly Skipped[] } {
  const read = rows.map((factor, index) => {
    const secret = factor.secret?.toUpperCase().replace(/=+$/, '') ?? ''
    const problem =
      factor.factor_type !== 'totp'
        ? 'A second factor of this kind is not offered here: its owner signs in without it.'
        : BASE32_SECRET.test(secret)
          ? undefined
          : 'The secret of this second factor is not in the export, or encrypted: its owner signs in without it.'
    return { factor, secret, place: `[${row}].mfa_factors.${index}`, problem }
  })
  return {
    kept: read.flatMap(({ factor, secret, problem }) =>
      problem === undefined ? [factorOf(factor, secret)] : [],
    ),
    skipped: read.flatMap(({ place, problem }) => (problem === undefined ? [] : [{ place, problem }])),
  }
}

function factorOf(from: FactorRow, secret: string): ImportedFactor {
  const { id, friendly_name: name = 'Authenticator app', created_at: createdAt, updated_at: updatedAt } = from
  const since = updatedAt ?? createdAt ?? new Date()
  return { id, name, secret, createdAt, activatedAt: from.status === 'verified' ? since : undefined }
}
