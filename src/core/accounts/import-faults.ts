import { parseEmail } from './email.ts'
import type { ImportedUser, ImportFault } from './imported-user.ts'
import type { HashDescription } from './passwords.ts'
import { userRoleName } from './role.ts'
import type { User } from './user.ts'
import { isUsername } from './username.ts'

/** What of a user is theirs alone. */
export type Known = Pick<User, 'id' | 'email' | 'username' | 'signInPhone'>

/** A row as it was read, with the account here that it is of. */
export interface ReadRow {
  readonly row: ImportedUser
  /** In its normal form; undefined where there is none, or none that mail can be sent to. */
  readonly email: string | undefined
  readonly known: Known | undefined
}

export interface Judge {
  /** The ids of roles, by name. */
  readonly roles: ReadonlyMap<string, string>
  readonly describe: (passwordHash: string) => HashDescription
}

/** Who is here, by what is one's own. */
export interface Taken {
  readonly ids: ReadonlyMap<string, Known>
  readonly emails: ReadonlyMap<string, Known>
  readonly usernames: ReadonlyMap<string, Known>
  readonly phones: ReadonlyMap<string, Known>
  /** As `identityName` names them. */
  readonly identities: ReadonlySet<string>
}

/** What two identities cannot both have. */
export function identityName({
  provider,
  providerId,
}: {
  readonly provider: string
  readonly providerId: string
}): string {
  return JSON.stringify([provider, providerId])
}

/** All that is wrong with some rows: by themselves, with who is here, and with each other; in the order of the file. */
export function importFaults(read: readonly ReadRow[], judge: Judge, taken: Taken): readonly ImportFault[] {
  const single = read.flatMap((one) => [...faultsOf(one, judge), ...clashesOf(one, taken)])
  return [...single, ...repetitions(read)].sort((one, other) => one.row - other.row)
}

/** What is wrong with a row by itself. */
function faultsOf({ row, email }: ReadRow, { roles, describe }: Judge): readonly ImportFault[] {
  const { username, passwordHash, role = userRoleName } = row
  return faults(row, {
    email:
      row.email !== undefined && email === undefined
        ? 'This is not an address that mail can be sent to.'
        : undefined,
    username:
      username !== undefined && !isUsername(username)
        ? 'From 3 to 32 of a to z, 0 to 9, and . _ - between two of them.'
        : undefined,
    role: roles.has(role) ? undefined : 'There is no such role.',
    password_hash: passwordHash === undefined ? undefined : describe(passwordHash).problem,
  })
}

/** What of a new row somebody here has already. */
function clashesOf({ row, email, known }: ReadRow, taken: Taken): readonly ImportFault[] {
  if (known !== undefined) return []
  const { username, standing, identities } = row
  const has = (of: ReadonlyMap<string, Known>, name: string | undefined) => name !== undefined && of.has(name)
  return faults(row, {
    email: has(taken.emails, email) ? 'Somebody with another id has this address.' : undefined,
    username: has(taken.usernames, username?.toLowerCase()) ? 'Somebody else has this user name.' : undefined,
    phone: has(taken.phones, standing.signInPhone) ? 'Somebody with another id has this number.' : undefined,
    identities: identities.some((one) => taken.identities.has(identityName(one)))
      ? 'Somebody else has one of these identities.'
      : undefined,
  })
}

/** What must be one row's own, and is in two. */
function repetitions(read: readonly ReadRow[]): readonly ImportFault[] {
  const first = new Map<string, number>()
  return read.flatMap(({ row, email }) =>
    ownOf(row, email).flatMap(([field, value]) => {
      if (value === undefined) return []
      const name = `${field} ${value}`
      const before = first.get(name)
      if (before === undefined) first.set(name, row.row)
      return before === undefined ? [] : [{ row: row.row, field, problem: `Row ${before} has it too.` }]
    }),
  )
}

function ownOf(
  { id, username, standing, identities, factors }: ImportedUser,
  email: string | undefined,
): readonly (readonly [field: string, value: string | undefined])[] {
  return [
    ['id', id],
    ['email', email],
    ['username', username?.toLowerCase()],
    ['phone', standing.signInPhone],
    ...identities.map((one) => ['identities', identityName(one)] as const),
    ...identities.map((one) => ['identities', one.id] as const),
    ...factors.map((one) => ['factors', one.id] as const),
  ]
}

function faults(
  { row }: ImportedUser,
  problems: Readonly<Record<string, string | undefined>>,
): readonly ImportFault[] {
  return Object.entries(problems).flatMap(([field, problem]) => (problem ? [{ row, field, problem }] : []))
}

/** The normal form of a row's address. */
export function emailOf({ email }: ImportedUser): string | undefined {
  return email === undefined ? undefined : parseEmail(email)
}
