import { readFile } from 'node:fs/promises'
import { CliError } from './cli-error.ts'

/**
 * Reads the rows of a table as Supabase's tools give them: a JSON array, as `select json_agg(…)` makes it, also in psql's
 * own frame or as the dashboard copies it; `{"users":[…]}`, as the admin API answers; or one object a line.
 * @param key what an object holds its rows under
 * @throws CliError without a word of what was read: it may be a hash
 */
export async function readExport(file: string, key: 'users' | 'identities'): Promise<readonly unknown[]> {
  const bytes = await readFile(file)
  const text = decoded(bytes)
  const rows = text === undefined ? undefined : rowsOf(text.trim(), key)
  if (rows !== undefined) return rows
  throw new CliError(
    `${file} is no export in UTF-8: a JSON array, an object with "${key}", or one object a line.`,
    'failed',
  )
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return undefined
  }
}

function rowsOf(text: string, key: string): readonly unknown[] | undefined {
  const whole = parsed(text) ?? parsed(unframed(text))
  if (Array.isArray(whole)) return aggregated(whole) ?? whole
  if (isObject(whole)) {
    const rows = whole[key]
    if (Array.isArray(rows)) return rows
    // One line of many could look the same.
    return 'id' in whole ? [whole] : undefined
  }
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const rows = lines.map(parsed)
  return lines.length > 0 && rows.every(isObject) ? rows : undefined
}

/** What stands in psql's frame: a heading, a rule, lines that end in `+` where the next one belongs to the same cell. */
function unframed(text: string): string {
  const lines = text.split('\n')
  const rule = lines.findIndex((line) => /^-+$/.test(line))
  // In whatever language psql counts its rows.
  const end = lines.findIndex((line) => /^\(1 [^)]+\)\s*$/.test(line))
  if (rule < 0 || end < rule) return ''
  return lines
    .slice(rule + 1, end)
    .map((line) => line.replace(/\s*\+$/, ''))
    .join('\n')
}

/** The one cell of `select json_agg(…)` where a tool shows it as a row of its own. */
function aggregated(rows: readonly unknown[]): readonly unknown[] | undefined {
  const [only, ...more] = rows
  if (more.length > 0 || !isObject(only)) return undefined
  const [cell, ...others] = Object.values(only)
  return others.length === 0 && Array.isArray(cell) ? cell : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
