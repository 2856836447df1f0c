import { readFile, writeFile } from 'node:fs/promises'
import { gunzipSync, gzipSync } from 'node:zlib'

/** The lines of a backup. */
export async function linesOfBackup(file: string): Promise<string[]> {
  const text = gunzipSync(await readFile(file)).toString('utf8')
  return text.replace(/\n$/, '').split('\n')
}

/** Writes lines as a backup is written. */
export async function writeLines(file: string, lines: readonly string[]): Promise<void> {
  await writeFile(file, gzipSync(`${lines.join('\n')}\n`))
}

/** The rows of each table of a backup, however they are ordered. */
export async function rowsOfBackup(file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = new Map<string, string[]>()
  let table: string[] = []
  for (const line of await linesOfBackup(file)) {
    const [kind, name] = line.startsWith('[') ? JSON.parse(line) : []
    if (kind === 'table') {
      table = []
      rows.set(name, table)
    } else if (kind === undefined) table.push(line)
  }
  for (const of of rows.values()) of.sort()
  return rows
}
