import { sql } from 'drizzle-orm'
import type { Gather } from '../core/group-commit.ts'
import type { Database } from './database.ts'
import { storeError } from './store-error.ts'

/**
 * What a statement of the hot path is given for each `$n`. A list comes as `arrayText` or `columnText`, since the drivers
 * disagree on lists.
 */
export type Parameter = string | number | null

/** A row as its columns in their order; times are texts, as PostgreSQL writes them. */
export type Columns = readonly unknown[]

export interface HotPath {
  /** True where a connection may keep a statement parsed and planned under its name. */
  readonly prepare: boolean
  /** Waits for the end of a turn of the event loop: for those who are to share a statement, or to let calls pass. */
  readonly gather?: Gather | undefined
  /** True where the database works while this process does: then one half is committed while the other one is made ready. */
  readonly overlaps?: boolean | undefined
}

/** The name under which a connection keeps a statement; the empty one is kept by none. */
export function statementName({ prepare }: HotPath, name: string): string {
  return prepare ? name : ''
}

export interface StatementSpec {
  readonly name: string
  readonly text: string
  /** How many `$n` there are. */
  readonly parameters: number
}

/** A statement of the hot path, past the query builder: its text is made once and not at each call. */
export function statement<Row extends Columns>(
  db: Database,
  hotPath: HotPath,
  { name, text, parameters }: StatementSpec,
): (values: readonly Parameter[]) => Promise<readonly Row[]> {
  const params = Array.from({ length: parameters }, (_, index) => sql.placeholder(String(index)))
  const prepared = db._.session.prepareQuery<{ execute: readonly Row[]; all: never; values: never }>(
    { sql: text, params },
    undefined,
    statementName(hotPath, name),
    true,
    // What the columns hold is the knowledge of whoever wrote the text.
    (rows) => rows as unknown as readonly Row[],
  )
  return async (values) => {
    try {
      return await prepared.execute({ ...values })
    } catch (error) {
      // At once, for whoever commits a batch: what a failure means for the others of it depends on its kind.
      throw storeError(error)
    }
  }
}
