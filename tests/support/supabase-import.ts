import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { testSecret } from './gateway-process.ts'
import { type Ending, type GuichetCommand, guichetCommand } from './guichet-command.ts'

export interface ImportBench {
  readonly database: TestDatabase
  readonly settings: Readonly<Record<string, string>>
  readonly command: GuichetCommand
  /** Writes the file that is imported, or another one. */
  readonly write: (content: unknown, name?: string) => Promise<void>
  readonly run: (options?: string, env?: Readonly<Record<string, string>>) => Promise<Ending>
  /** What was printed by a command that had to succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a command prints
  readonly done: (options?: string) => Promise<any>
  /** The row of a table in which a column holds an id. */
  readonly one: (table: string, column: string, id: string) => Promise<Record<string, unknown> | undefined>
}

export const importFileName = 'auth-users.json'

/** A migrated database, empty of users before each test, and the command line beside it. */
export function importBench(): ImportBench {
  let database: TestDatabase
  let command: GuichetCommand
  const settings = () => ({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  beforeAll(async () => {
    database = await migratedDatabase()
    command = await guichetCommand(settings)
    expect((await command.run('migrate')).code).toBe(0)
  })
  beforeEach(async () => {
    await database.query('delete from users')
  })
  afterAll(async () => {
    await database.drop()
    await command.remove()
  })
  const run: ImportBench['run'] = (options = '', env = {}) =>
    command.run(`users import ${importFileName} --from supabase${options}`, env)
  return {
    get database() {
      return database
    },
    get settings() {
      return settings()
    },
    get command() {
      return command
    },
    write: (content, name = importFileName) =>
      writeFile(join(command.folder, name), typeof content === 'string' ? content : JSON.stringify(content)),
    run,
    async done(options) {
      const ending = await run(options)
      expect([ending.code, ending.stderr]).toEqual([0, ''])
      return ending.json
    },
    async one(table, column, id) {
      const [row] = await database.query(`select * from ${table} where ${column} = $1`, [id])
      return row
    },
  }
}
