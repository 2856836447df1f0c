import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../src')

interface SourceFile {
  readonly path: string
  readonly room: string
  readonly text: string
  readonly imports: readonly string[]
}

const files: readonly SourceFile[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(source, path), 'utf8')
    const imports = [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map(([, specifier]) => specifier!)
    return { path, room: roomOf(path), text, imports }
  })

/** What each room may import: other rooms, and packages. The runtime may import anything. */
const allowed: Readonly<
  Record<string, { rooms: readonly string[]; packages: RegExp; files?: readonly string[] }>
> = {
  core: { rooms: ['core'], packages: /^jose$/ },
  store: { rooms: ['store', 'core'], packages: /^(drizzle-orm(\/|$)|jose$)/ },
  http: { rooms: ['http', 'core'], packages: /^(hono(\/|$)|@hono\/zod-openapi$|zod$)/ },
  pages: { rooms: ['pages', 'http', 'core'], packages: /^hono\/html$/ },
  dialects: {
    rooms: ['dialects', 'pages', 'http', 'core'],
    packages: /^(hono(\/|$)|@hono\/zod-openapi$|zod$)/,
  },
  gateway: { rooms: ['gateway', 'http', 'core'], packages: /^(hono(\/|$)|zod$|yaml$)/ },
  settings: { rooms: ['settings', 'core'], packages: /^zod$/ },
  mail: { rooms: ['mail', 'core'], packages: /^$/ },
  // What upstreams and clients install: of the core only files that import nothing but each other.
  verify: {
    rooms: ['verify'],
    packages: /^jose$/,
    files: ['core/permissions.ts', 'core/policy.ts', 'core/tokens/access-claims.ts'],
  },
  client: { rooms: ['client'], packages: /^$/ },
}

describe('the rooms of the house', () => {
  it('are all known', () => {
    const rooms = new Set(files.map(({ room }) => room))
    expect([...rooms].filter((room) => room !== 'runtime' && allowed[room] === undefined)).toEqual([])
  })

  it('import only what their room may', () => {
    const strays = files.flatMap((file) =>
      file.imports
        .filter((specifier) => !mayImport(file, specifier))
        .map((specifier) => `${file.path} -> ${specifier}`),
    )
    expect(strays).toEqual([])
  })

  it('keep the dialects apart: only all.ts imports several', () => {
    const strays = files.flatMap((file) => {
      const own = /^dialects\/([^/]+)\//.exec(file.path)?.[1]
      if (own === undefined) return []
      return file.imports
        .map((specifier) => ({ specifier, target: targetOf(file, specifier) }))
        .filter(({ target }) => target?.startsWith('dialects/') && !target.startsWith(`dialects/${own}/`))
        .map(({ specifier }) => `${file.path} -> ${specifier}`)
    })
    expect(strays).toEqual([])
  })

  it('write statements in the store alone: no runtime file imports the query builder', () => {
    const strays = files.filter(({ room, imports }) => room !== 'store' && imports.includes('drizzle-orm'))
    expect(strays.map(({ path }) => path)).toEqual([])
  })

  it('read no clock, dice, environment or console in the core', () => {
    const outside =
      /Date\.now\(|new Date\(\)|Math\.random|crypto\.|performance\.|process\.|console\.|globalThis/
    expect(
      files.filter(({ room, text }) => room === 'core' && outside.test(text)).map(({ path }) => path),
    ).toEqual([])
  })

  it('let nothing into the libraries but web standards, jose and a few pure files of the core', () => {
    const library = files.filter(({ room }) => room === 'verify' || room === 'client')
    const reached = new Set(library)
    for (const file of reached) {
      for (const specifier of file.imports) {
        const target = files.find(({ path }) => path === targetOf(file, specifier))
        if (target !== undefined) reached.add(target)
      }
    }
    const beyond = [...reached].filter((file) => !library.includes(file)).map(({ path }) => path)
    expect(beyond.sort()).toEqual(allowed['verify']?.files)
  })

  it('are built of files that hold one idea each', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 251).map(({ path }) => path)
    expect(long).toEqual([])
  })

  it('have folders that do not import each other in a circle', () => {
    const edges = new Map<string, Set<string>>()
    for (const file of files) {
      for (const specifier of file.imports) {
        const target = targetOf(file, specifier)
        if (target === undefined || roomOf(target) === file.room) continue
        edges.set(file.room, (edges.get(file.room) ?? new Set()).add(roomOf(target)))
      }
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      [...(edges.get(from) ?? [])].some((next) => {
        if (next === to) return true
        if (seen.has(next)) return false
        return reaches(next, to, seen.add(next))
      })
    expect([...edges.keys()].filter((room) => reaches(room, room))).toEqual([])
  })
})

function roomOf(path: string): string {
  return path.split('/')[0]!
}

function targetOf(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const target = resolve(source, file.path, '..', specifier)
  return target.startsWith(`${source}/`) ? target.slice(source.length + 1) : undefined
}

function mayImport(file: SourceFile, specifier: string): boolean {
  const rules = allowed[file.room]
  if (rules === undefined) return true
  if (!specifier.startsWith('.')) return rules.packages.test(specifier)
  const target = targetOf(file, specifier)
  // The one file outside src: drizzle's journal, by which the store knows its newest migration.
  if (target === undefined) return file.room === 'store' && specifier.endsWith('drizzle/meta/_journal.json')
  return rules.rooms.includes(roomOf(target)) || (rules.files ?? []).includes(target)
}
