import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Prints the bill of materials (CycloneDX) of what is shipped. `npm sbom --omit=dev` leaves out what developers need too,
 * half of it all: so npm is shown a project that has no developers.
 */
const root = resolve(import.meta.dirname, '..')
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))
const manifest = withoutDevelopers(read('package.json'))
const lock = read('package-lock.json')
const packages: Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }> = lock.packages
const shipped = Object.entries(packages).filter(([, { dev, devOptional }]) => !dev && !devOptional)

const folder = mkdtempSync(join(tmpdir(), 'guichet-sbom-'))
try {
  const own = withoutDevelopers(lock.packages[''])
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const lockOfShipped = { ...lock, packages: { ...Object.fromEntries(shipped), '': own } }
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockOfShipped))
  const args = ['sbom', '--package-lock-only', '--sbom-type=application', '--sbom-format=cyclonedx']
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function withoutDevelopers({ devDependencies: _, ...rest }: Record<string, unknown>): object {
  return rest
}
