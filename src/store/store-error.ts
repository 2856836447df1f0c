/** The database cannot serve now; a retry may succeed. The wire says 503. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}

/** The schema is an older one than this code needs. */
export class SchemaOutdatedError extends StoreUnavailableError {
  readonly lacksMigrations = true
}

/** The server has given up for good: an embedded one is of no more use, and a real one starts anew by itself. */
export class StoreLostError extends StoreUnavailableError {
  readonly isLost = true
}

/** A statement failed for a reason that a retry does not mend. The wire says 500. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

// Connection trouble, no way in, no such database, shutdown, too few resources, read-only, serialization, lock and statement timeouts.
const UNAVAILABLE_SQLSTATE = /^(?:08...|28...|3D000|53...|55000|55P03|57P0.|57014|25006|40001|40P01|58...)$/
// What leads to the database: no way there, or no socket left to go by.
const UNAVAILABLE_SYSTEM =
  /^(?:ECONN|EMFILE|ENFILE|ENOBUFS|EADDRNOTAVAIL|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|ENOENT)/
const UNAVAILABLE_TEXT =
  /timeout|timed out|connection (?:terminated|ended|error|lost|attempt failed)|client was closed|not queryable|pool (?:after|is)|PGlite is clos|proxy request failed/i

/**
 * Turns a driver's error into one of ours, which names the fault and never the statement's parameters:
 * drizzle's own error has them in its message and its properties.
 */
export function storeError(error: unknown): StoreUnavailableError | StoreError {
  if (error instanceof StoreUnavailableError || error instanceof StoreError) return error
  const root = rootCause(error)
  const code = 'code' in root && typeof root.code === 'string' ? root.code : undefined
  const isSqlState = code !== undefined && /^[0-9A-Z]{5}$/.test(code)
  const unavailable =
    code !== undefined
      ? UNAVAILABLE_SQLSTATE.test(code) || UNAVAILABLE_SYSTEM.test(code)
      : UNAVAILABLE_TEXT.test(root.message)
  // A SQLSTATE's message may quote a value; one without a code is the driver's own and quotes none.
  const panicked = 'severity' in root && root.severity === 'PANIC'
  const what = isSqlState ? `SQLSTATE ${code}` : (code ?? (unavailable ? root.message : root.name))
  if (panicked) return new StoreLostError(`The database has stopped (${what}).`)
  return unavailable
    ? new StoreUnavailableError(`The database is unavailable (${what}).`)
    : new StoreError(`The database refused a statement (${what}).`)
}

/** Says whether PostgreSQL undid a transaction for the sake of another one: begun again, it may go through. */
export function isUndoneForAnother(error: unknown): boolean {
  const root = rootCause(error)
  return 'code' in root && (root.code === '40P01' || root.code === '40001')
}

/** Says whether a foreign key refused the change. */
export function isForeignKeyViolation(error: unknown): boolean {
  const root = rootCause(error)
  return 'code' in root && (root.code === '23503' || root.code === '23001')
}

/** Says whether a unique index refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  const root = rootCause(error)
  return 'code' in root && root.code === '23505'
}

/** The name of the unique index that refused a row; undefined of any other error. */
export function violatedIndex(error: unknown): string | undefined {
  if (!isUniqueViolation(error)) return undefined
  const root = rootCause(error)
  if ('constraint' in root && typeof root.constraint === 'string') return root.constraint
  return 'constraint_name' in root && typeof root.constraint_name === 'string' ? root.constraint_name : ''
}

function rootCause(error: unknown): Error {
  let root = error instanceof Error ? error : new Error('unknown')
  while (root.cause instanceof Error) root = root.cause
  // A refused connection to a name with two addresses arrives as both refusals together.
  if (root instanceof AggregateError && root.errors[0] instanceof Error) return root.errors[0]
  return root
}
