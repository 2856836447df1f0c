import { z } from 'zod'

/**
 * A backup is lines of JSON, compressed by gzip. Lists are ours: `["guichet-backup",{…}]` first, `["table","role",{…}]`
 * before the rows of a table, `["end",{…}]` last. Objects are rows, as PostgreSQL spells them.
 */
export const BACKUP_FORMAT = 1

const header = z.object({
  format: z.number(),
  /** Of Guichet. */
  version: z.string(),
  /** The newest migration that the rows are as after. */
  migration: z.string(),
  created_at: z.string(),
  database: z.enum(['embedded', 'postgresql']),
  /** Names the secret that the seal is under, and tells nothing about it. */
  secret_id: z.string(),
})

const end = z.object({
  rows: z.record(z.string(), z.number()),
  /** Of every byte before this line. */
  sha256: z.string(),
  /** Of that, under the secret: nobody else can have written this file. */
  seal: z.string(),
})

const controlLine = z.union([
  z.tuple([z.literal('guichet-backup'), header]),
  z.tuple([z.literal('table'), z.string(), z.record(z.string(), z.string())]),
  z.tuple([z.literal('end'), end]),
])

export type BackupHeader = z.output<typeof header>
export type BackupEnd = z.output<typeof end>
export type ControlLine = z.output<typeof controlLine>

/** Whether a line is of ours and not a row. */
export function isControlLine(line: string): boolean {
  return line.startsWith('[')
}

export function spellControlLine(line: ControlLine): string {
  return JSON.stringify(line)
}

/** Undefined of what is no such line. */
export function parseControlLine(line: string): ControlLine | undefined {
  try {
    return controlLine.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
