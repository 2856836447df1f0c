import { styleText } from 'node:util'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'

export type OutputMode = 'json' | 'table'

/** A table for people at a terminal, JSON for a pipe, unless the user says which. */
export function outputMode(command: Command): OutputMode {
  const { json, table } = command.optsWithGlobals<{ json?: boolean; table?: boolean }>()
  if (json === true && table === true) throw new CliError('Choose one of --json and --table.', 'usage')
  if (json === true) return 'json'
  if (json === false || table === true) return 'table'
  return process.stdout.isTTY ? 'table' : 'json'
}

export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function writeJson(value: unknown): void {
  writeLine(JSON.stringify(value, undefined, 2))
}

/** Rows under a heading, in columns as wide as their widest cell. */
export function writeTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const spell = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  writeLine(styleText('bold', spell(heading)))
  for (const row of rows) writeLine(spell(row))
}

/** A time in a table, to the second; `-` for never. */
export function shortTime(time: string | null): string {
  return time === null ? '-' : time.replace(/\.\d+Z$/, 'Z')
}

/** A list in a table. */
export function shortList(items: readonly string[]): string {
  return items.length === 0 ? '-' : items.join(' ')
}

/** Says on stderr what the user should know, in one line. */
export function writeError(message: string): void {
  process.stderr.write(`guichet: ${oneLine(message)}\n`)
}

function oneLine(text: string): string {
  return (
    text
      .trim()
      .replace(/:\s*\n\s*/g, ': ')
      .replace(/\s*\n\s*/g, '; ')
      // A server's words are not ours: none may move the cursor.
      .replace(/\p{C}+/gu, ' ')
      // Longer than any id: a key or a token that was typed where none belongs.
      .replace(/[\w-]{45,}/g, '…')
  )
}
