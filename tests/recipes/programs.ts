import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian keeps servers where the PATH of a mere user does not look. */
export const proxyPath = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter)

const programs = ['nginx', 'caddy', 'haproxy', 'pgbouncer', 'python3']

/** Fails the run in one line when a program is missing: a recipe that was not run says nothing. */
export default function setup(): void {
  const missing = programs.filter((program) => !isThere(program))
  if (missing.length === 0) return
  throw new Error(
    `Not on PATH: ${missing.join(', ')}. apt-get install -y --no-install-recommends ${programs.join(' ')}`,
  )
}

function isThere(program: string): boolean {
  return proxyPath.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))
}
