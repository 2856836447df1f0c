import { auditEvent } from '../audit/event.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { parseEmail } from './email.ts'
import { type NewUser, newUser } from './new-user.ts'
import { userRoleName } from './role.ts'
import type { User } from './user.ts'
import { isUsername } from './username.ts'

/** Somebody who had an account elsewhere. */
export interface ImportedUser extends NewUser {
  /** Undefined gives them a fresh one. */
  readonly id: string | undefined
  /** As another system made it; undefined for whoever is to be invited. */
  readonly passwordHash: string | undefined
  readonly emailConfirmedAt: Date | undefined
  readonly createdAt: Date | undefined
  /** The name of the role; undefined takes that of those who register. */
  readonly role: string | undefined
}

/** What is wrong with a row, by its place in the file; it never quotes a hash. */
export interface ImportFault {
  readonly row: number
  readonly field: string
  readonly problem: string
}

export interface ImportPlan {
  readonly added: readonly Pick<User, 'id' | 'email'>[]
  /** Those who have an account here already; they are left as they are. */
  readonly known: readonly Pick<User, 'id' | 'email'>[]
}

/**
 * Adds people with the ids and the password hashes that they had elsewhere: all of them or, where a row is faulty, none.
 * Whoever is here already stays as they are, so that the same import again changes nothing.
 */
export async function importUsers(
  world: World,
  rows: readonly ImportedUser[],
  { problemOf, dryRun }: ImportWish,
): Promise<Result<ImportPlan, readonly ImportFault[]>> {
  const now = world.now()
  const judge: Judge = { roles: await roleIds(world, rows), problemOf }
  const read = rows.map((row) => ({ row, email: parseEmail(row.email ?? '') }))
  const found = await world.store.findUsersLike({
    ids: rows.flatMap(({ id }) => id ?? []),
    emails: read.flatMap(({ email }) => email ?? []),
    usernames: rows.flatMap(({ username }) => username ?? []),
  })
  const taken = takenBy(found)
  const here = read.map(({ row, email }) => ({ row, email, known: whoIs({ row, email }, taken) }))
  const faults = here.flatMap((one, index) =>
    [...faultsOf(one, judge), ...clashesOf(one, taken)].map((fault) => ({ row: index, ...fault })),
  )
  const all = [...faults, ...repetitions(read)].sort((one, other) => one.row - other.row)
  if (all.length > 0) return fail(all)

  const known = here.flatMap((one) => one.known ?? []).map(({ id, email }) => ({ id, email }))
  const added = here.flatMap((one) => (one.known === undefined ? [userOf(world, one, { judge, now })] : []))
  const plan = { added: added.map(({ id, email }) => ({ id, email })), known }
  if (dryRun || added.length === 0) return ok(plan)
  const event = auditEvent(world, { kind: 'user.import', details: { users: added.length } }, undefined)
  return (await world.store.addUsers(added, event)) ? ok(plan) : fail([])
}

export interface ImportWish {
  /** Says why a hash could never be verified here; undefined of a good one. */
  readonly problemOf: (passwordHash: string) => string | undefined
  /** True to write nothing and only say what would be written. */
  readonly dryRun: boolean
}

interface Judge extends Pick<ImportWish, 'problemOf'> {
  /** The ids of roles, by name. */
  readonly roles: ReadonlyMap<string, string>
}

interface ReadRow {
  readonly row: ImportedUser
  /** Undefined where there is none in the row. */
  readonly email: string | undefined
}

type Known = Pick<User, 'id' | 'email' | 'username'>
type Fault = Omit<ImportFault, 'row'>

/** Who is here, by what is one's own. */
interface Taken {
  readonly ids: ReadonlyMap<string, Known>
  readonly emails: ReadonlyMap<string, Known>
  readonly usernames: ReadonlyMap<string, Known>
}

function takenBy(found: readonly Known[]): Taken {
  return {
    ids: new Map(found.map((user) => [user.id, user])),
    emails: new Map(found.map((user) => [user.email ?? '', user])),
    usernames: new Map(found.map((user) => [user.username?.toLowerCase() ?? '', user])),
  }
}

/** The account here that a row is of: by its id, and without one by its address. */
function whoIs({ row, email }: ReadRow, taken: Taken): Known | undefined {
  return row.id === undefined ? taken.emails.get(email ?? '') : taken.ids.get(row.id)
}

/** What is wrong with a row by itself. */
function faultsOf({ row, email }: ReadRow, { roles, problemOf }: Judge): readonly Fault[] {
  const { username, passwordHash, role = userRoleName } = row
  const hash = passwordHash === undefined ? undefined : problemOf(passwordHash)
  const problems = {
    email: email === undefined ? 'This is not an address that mail can be sent to.' : undefined,
    username:
      username !== undefined && !isUsername(username)
        ? 'From 3 to 32 of a to z, 0 to 9, and . _ - between two of them.'
        : undefined,
    role: roles.has(role) ? undefined : 'There is no such role.',
    password_hash: hash,
  }
  return Object.entries(problems).flatMap(([field, problem]) => (problem ? [{ field, problem }] : []))
}

/** What of a new row somebody here has already. */
function clashesOf(
  { row, email, known }: ReadRow & { readonly known: Known | undefined },
  { emails, usernames }: Taken,
): readonly Fault[] {
  if (known !== undefined) return []
  const hasEmail = emails.has(email ?? '')
  const hasName = row.username !== undefined && usernames.has(row.username.toLowerCase())
  return [
    ...(hasEmail ? [{ field: 'email', problem: 'Somebody with another id has this address.' }] : []),
    ...(hasName ? [{ field: 'username', problem: 'Somebody else has this user name.' }] : []),
  ]
}

/** What must be one row's own, and is in two. */
function repetitions(read: readonly ReadRow[]): readonly ImportFault[] {
  const first = new Map<string, number>()
  return read.flatMap(({ row, email }, index) => {
    const own = { id: row.id, email, username: row.username?.toLowerCase() }
    return Object.entries(own).flatMap(([field, value]) => {
      if (value === undefined) return []
      const before = first.get(`${field} ${value}`)
      if (before === undefined) first.set(`${field} ${value}`, index)
      return before === undefined ? [] : [{ row: index, field, problem: `Row ${before} has it too.` }]
    })
  })
}

async function roleIds(
  { store }: World,
  rows: readonly ImportedUser[],
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(rows.map(({ role }) => role ?? userRoleName))]
  const found = await Promise.all(names.map(store.findRoleByName))
  return new Map(found.flatMap((role) => (role === undefined ? [] : [[role.name, role.id]])))
}

function userOf(
  world: World,
  { row, email = '' }: ReadRow,
  { judge, now }: { readonly judge: Judge; readonly now: Date },
): User {
  const { id = world.newId(), passwordHash, emailConfirmedAt, createdAt = now, role = userRoleName } = row
  // Judged before: there is such a role.
  const roleId = judge.roles.get(role) ?? ''
  return { ...newUser({ ...row, email }, { id, roleId, passwordHash, now: createdAt }), emailConfirmedAt }
}
