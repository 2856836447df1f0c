import { readFile } from 'node:fs/promises'
import { z } from '@hono/zod-openapi'
import type { ImportedUser, ImportFault } from '../../core/accounts/imported-user.ts'
import { instant, uuid } from '../../dialects/native/schemas.ts'
import { email, profileFields, username } from '../../dialects/native/user-schemas.ts'
import { parseInput } from '../../http/parse-input.ts'
import { CliError } from './cli-error.ts'

const rowSchema = z.strictObject(
  {
    id: uuid.nullish(),
    email,
    username: username.nullish(),
    password_hash: z.string('A text is needed.').nullish(),
    role: z.string('A text is needed.').nullish(),
    email_confirmed_at: instant.nullish(),
    created_at: instant.nullish(),
    name: profileFields.name.nullable(),
    surname: profileFields.surname.nullable(),
    phone: profileFields.phone.nullable(),
    locale: profileFields.locale.nullable(),
    avatar_url: profileFields.avatar_url.nullable(),
    metadata: profileFields.metadata,
  },
  'An object is needed.',
)

/** What a file says of people. */
export interface ReadFile {
  readonly users: readonly ImportedUser[]
  /** Of the rows that are not as they must be; none of `users` is of such a row, or it is told here too. */
  readonly faults: readonly ImportFault[]
  /** What of good rows cannot be kept. */
  readonly skipped: readonly Skipped[]
}

export interface Skipped {
  readonly place: string
  readonly problem: string
}

/** Reads a file of people: a JSON array of objects. Every row that is not as it must be is told. @throws CliError */
export async function readImportFile(file: string): Promise<ReadFile> {
  const rows = parseJson(await readFile(file), file)
  const faults: ImportFault[] = []
  const users = rows.flatMap((value, row) => {
    const parsed = parseInput(rowSchema, value)
    if (parsed.ok) return [userOf(row, parsed.value)]
    faults.push(...faultsOf(row, parsed.failure))
    return []
  })
  return { users, faults, skipped: [] }
}

/** What a schema finds wrong with a row, field by field. */
export function faultsOf(row: number, issues: readonly z.core.$ZodIssue[]): readonly ImportFault[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [{ row, field: issue.path.join('.'), problem: issue.message }]
    }
    return issue.keys.map((field) => ({ row, field, problem: 'This field is not known here.' }))
  })
}

function parseJson(bytes: Uint8Array, file: string): readonly unknown[] {
  try {
    const rows: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes),
    )
    if (Array.isArray(rows)) return rows
  } catch {
    // Told below, without what was read: it may be a hash.
  }
  throw new CliError(`${file} is not a JSON array in UTF-8.`, 'failed')
}

function userOf(place: number, row: z.output<typeof rowSchema>): ImportedUser {
  return {
    row: place,
    id: row.id ?? undefined,
    email: row.email,
    username: row.username ?? undefined,
    passwordHash: row.password_hash ?? undefined,
    role: row.role ?? undefined,
    emailConfirmedAt: row.email_confirmed_at ?? undefined,
    createdAt: row.created_at ?? undefined,
    name: row.name ?? undefined,
    surname: row.surname ?? undefined,
    phone: row.phone ?? undefined,
    locale: row.locale ?? undefined,
    avatarUrl: row.avatar_url ?? undefined,
    metadata: row.metadata ?? {},
    standing: {},
    identities: [],
    factors: [],
  }
}
