import { freshDatabase, type TestDatabase } from '../support/database.ts'

/** The names of those secrets of which any spelling stands in `output`. */
export function secretsIn(output: string, secrets: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(secrets).filter((name) =>
    spellings(secrets[name]!).some((spelling) => output.includes(spelling)),
  )
}

export interface PasswordRole {
  /** The database's URL with the role's name and password. */
  readonly url: string
  /** Goes after the database, and what the role owned there, is gone. */
  readonly drop: () => Promise<void>
}

/** Makes a role of its own for a database, with a password that is nowhere else. */
export async function roleWithPassword(database: TestDatabase, password: string): Promise<PasswordRole> {
  const role = `canary_${crypto.randomUUID().replaceAll('-', '')}`
  await database.query(`create role ${role} login superuser password '${password}'`)
  const named = { username: role, password: encodeURIComponent(password) }
  return {
    url: Object.assign(new URL(database.url), named).href,
    async drop() {
      const elsewhere = await freshDatabase()
      await elsewhere.query(`drop role ${role}`)
      await elsewhere.drop()
    },
  }
}

/** The spellings under which a text could have slipped into a log. */
function spellings(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  // A base64 text looks different at each of three places within a longer one.
  const inner = [0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, -4))
  return [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    ...inner,
    ...inner.map((it) => it.replaceAll('+', '-').replaceAll('/', '_')),
  ]
}
