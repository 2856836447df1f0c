import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program is; undefined when it is not installed. */
export function programPath(name: string): string | undefined {
  // Debian keeps servers where only root's PATH leads.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** @throws Error that says that it is not installed */
export function requireProgram(name: string): string {
  const path = programPath(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}
