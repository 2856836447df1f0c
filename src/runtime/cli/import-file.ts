import { readFile } from 'node:fs/promises'
import { z } from '@hono/zod-openapi'
import type { ImportedUser, ImportFault } from '../../core/accounts/import-users.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { instant, uuid } from '../../dialects/native/schemas.ts'
import { email, profileFields, username } from '../../dialects/native/user-schemas.ts'
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

/** Reads a file of people: a JSON array of objects. Every row that is not as it must be is told. @throws CliError */
export async function readImportFile(
  file: string,
): Promise<Result<readonly ImportedUser[], readonly ImportFault[]>> {
  const rows = parseJson(await readFile(file), file)
  const faults: ImportFault[] = []
  const users = rows.flatMap((row, index) => {
    const parsed = rowSchema.safeParse(row)
    if (parsed.success) return [userOf(parsed.data)]
    for (const issue of parsed.error.issues) {
      const fields = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path.join('.')]
      const problem = issue.code === 'unrecognized_keys' ? 'This field is not known here.' : issue.message
      faults.push(...fields.map((field) => ({ row: index, field, problem })))
    }
    return []
  })
  return faults.length > 0 ? fail(faults) : ok(users)
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

function userOf(row: z.output<typeof rowSchema>): ImportedUser {
  return {
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
  }
}
