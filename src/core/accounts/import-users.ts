import { auditEvent } from '../audit/event.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { Factor } from './factor.ts'
import { sealFactorSecret } from './factor-secret.ts'
import type { Identity } from './identity.ts'
import {
  emailOf,
  identityName,
  importFaults,
  type Judge,
  type Known,
  type ReadRow,
  type Taken,
} from './import-faults.ts'
import type { ImportedUser, ImportFault, ImportPlan, PlannedUser } from './imported-user.ts'
import { newUser } from './new-user.ts'
import { userRoleName } from './role.ts'
import type { User } from './user.ts'

export interface ImportWish extends Pick<Judge, 'describe'> {
  /** True to write nothing and only say what would be written. */
  readonly dryRun: boolean
  /** True to leave faulty rows out and add the others. */
  readonly skipFaulty: boolean
}

/**
 * Adds people with the ids and the password hashes that they had elsewhere: all of them or, where a row is faulty, none.
 * Whoever is here already stays as they are, so that the same import again changes nothing.
 */
export async function importUsers(
  world: World,
  rows: readonly ImportedUser[],
  { describe, dryRun, skipFaulty }: ImportWish,
): Promise<Result<ImportPlan, readonly ImportFault[]>> {
  const now = world.now()
  const judge: Judge = { roles: await roleIds(world, rows), describe }
  const taken = await findTaken(world, rows)
  const read = rows.map((row) => ({ row, email: emailOf(row), known: whoIs(row, taken) }))
  const faults = importFaults(read, judge, taken)
  if (faults.length > 0 && !skipFaulty) return fail(faults)

  const faulty = new Set(faults.map(({ row }) => row))
  const good = read.filter(({ row }) => !faulty.has(row.row))
  const known = good.flatMap((one) => one.known ?? [])
  const added = good
    .filter((one) => one.known === undefined)
    .map((one) => ({ ...one, user: userOf(world, one, { judge, now }) }))
  const plan = {
    added: added.map((one) => planned(one, judge)),
    known: known.map(({ id, email, signInPhone }) => ({ id, email, signInPhone })),
    skipped: faults,
  }
  if (dryRun || added.length === 0) return ok(plan)
  const event = auditEvent(world, { kind: 'user.import', details: { users: added.length } }, undefined)
  const written = await world.store.addUsers(
    added.map(({ user }) => user),
    event,
    {
      identities: added.flatMap((one) => identitiesOf(world, one)),
      factors: added.flatMap((one) => factorsOf(world, one)),
    },
  )
  return written ? ok(plan) : fail([])
}

async function findTaken({ store }: World, rows: readonly ImportedUser[]): Promise<Taken> {
  const found = await store.findUsersLike({
    ids: rows.flatMap(({ id }) => id ?? []),
    emails: rows.flatMap((row) => emailOf(row) ?? []),
    usernames: rows.flatMap(({ username }) => username ?? []),
    phones: rows.flatMap(({ standing }) => standing.signInPhone ?? []),
  })
  const identities = await store.findIdentitiesLike(rows.flatMap((row) => row.identities))
  const by = (nameOf: (user: Known) => string | undefined) =>
    new Map(
      found.flatMap((user) => {
        const name = nameOf(user)
        return name === undefined ? [] : [[name, user] as const]
      }),
    )
  return {
    ids: by(({ id }) => id),
    emails: by(({ email }) => email),
    usernames: by(({ username }) => username?.toLowerCase()),
    phones: by(({ signInPhone }) => signInPhone),
    identities: new Set(identities.map(identityName)),
  }
}

/** The account here that a row is of: by its id, and without one by its address. */
function whoIs(row: ImportedUser, taken: Taken): Known | undefined {
  return row.id === undefined ? taken.emails.get(emailOf(row) ?? '') : taken.ids.get(row.id)
}

async function roleIds(
  { store }: World,
  rows: readonly ImportedUser[],
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(rows.map(({ role }) => role ?? userRoleName))]
  const found = await Promise.all(names.map(store.findRoleByName))
  return new Map(found.flatMap((role) => (role === undefined ? [] : [[role.name, role.id]])))
}

function planned(
  { row, user: { id, email, signInPhone } }: { readonly row: ImportedUser; readonly user: User },
  { describe }: Judge,
): PlannedUser {
  const described = row.passwordHash === undefined ? undefined : describe(row.passwordHash)
  return {
    id,
    email,
    signInPhone,
    password: described?.problem === undefined ? described?.scheme : undefined,
    identities: row.identities.map(({ provider }) => provider),
    factors: row.factors.length,
  }
}

function userOf(
  world: World,
  { row, email }: Pick<ReadRow, 'row' | 'email'>,
  { judge, now }: { readonly judge: Judge; readonly now: Date },
): User {
  const { id = world.newId(), passwordHash, emailConfirmedAt, createdAt = now, role = userRoleName } = row
  // Judged before: there is such a role.
  const roleId = judge.roles.get(role) ?? ''
  const begun = newUser({ ...row, email }, { id, roleId, passwordHash, now: createdAt })
  return { ...begun, ...row.standing, emailConfirmedAt }
}

function identitiesOf(
  world: World,
  { row, user }: { readonly row: ImportedUser; readonly user: User },
): readonly Identity[] {
  return row.identities.map(({ id, createdAt, updatedAt, ...identity }) => ({
    ...identity,
    id: id ?? world.newId(),
    userId: user.id,
    createdAt: createdAt ?? user.createdAt,
    updatedAt: updatedAt ?? createdAt ?? user.createdAt,
  }))
}

function factorsOf(
  world: World,
  { row, user }: { readonly row: ImportedUser; readonly user: User },
): readonly Factor[] {
  return row.factors.map(({ id, name, secret, createdAt, activatedAt }) => ({
    id,
    userId: user.id,
    kind: 'totp',
    name,
    sealedSecret: sealFactorSecret(world, id, secret),
    createdAt: createdAt ?? user.createdAt,
    activatedAt,
    lastStep: undefined,
  }))
}
