import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { faces } from '../src/dialects/all.ts'
import { spellings } from '../src/dialects/native/refuse.ts'
import { createApp } from '../src/http/app.ts'
import { environment } from '../src/settings/environment.ts'
import { freshDatabase, type TestDatabase } from './support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from './support/gateway-process.ts'

const root = resolve(import.meta.dirname, '..')
const text = (file: string) => readFileSync(join(root, file), 'utf8')
const run = promisify(execFile)

const pages = globSync(['*.md', 'bench/*.md', 'docs/**/*.md', 'examples/*/*.md'], { cwd: root })

/** The rows of every table in a text, each as its cells, without headings and rules. */
function tableRows(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n')
  return lines.flatMap((line, index) => {
    if (!line.startsWith('| ') || lines[index + 1]?.startsWith('|--')) return []
    return [
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    ]
  })
}

/** What stands before the second heading. */
function introduction(markdown: string): string {
  return markdown.split('\n## ')[0] ?? ''
}

function section(markdown: string, heading: string): string {
  const [, rest = ''] = markdown.split(`\n## ${heading}\n`)
  return rest.split('\n## ')[0] ?? ''
}

/** The code blocks of a language. */
function blocks(markdown: string, language: string): readonly string[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code = '']) =>
    of === language ? [code] : [],
  )
}

const bare = (cell: string | undefined) => cell?.replaceAll('`', '') ?? ''

describe('the settings page', () => {
  const rows = tableRows(introduction(text('docs/settings.md')))

  it('has one row for each setting, and for nothing else', () => {
    expect(rows.map(([name]) => bare(name)).sort()).toEqual(Object.keys(environment).sort())
  })

  it('gives the defaults that an empty environment is parsed to', () => {
    const defaults: Record<string, unknown> = z.object(environment).parse({})
    for (const [name, value] of rows) {
      const actual = defaults[bare(name)]
      const none = actual === undefined || (Array.isArray(actual) && actual.length === 0)
      expect(`${name} ${value}`).toBe(`${name} ${none ? '–' : `\`${actual}\``}`)
    }
  })

  it('names the unit that a name ends in', () => {
    const units = { _MS: 'milliseconds', _SECONDS: 'seconds' }
    for (const [name, , unit, meaning] of rows) {
      const ending = Object.entries(units).find(([end]) => bare(name).endsWith(end))
      expect(`${name} ${unit}`).toBe(`${name} ${ending?.[1] ?? unit}`)
      expect(meaning).not.toBe('')
    }
  })
})

describe('the page of errors', () => {
  const rows = tableRows(text('docs/errors.md'))
  const spelled = new Map<string, number>(Object.values(spellings).map(({ code, status }) => [code, status]))
  // Not exported and partly unreachable from a test: a code there is what is written in snake case.
  const early = `${text('src/runtime/early-refusals.ts')}${text('src/runtime/http-server.ts')}`.matchAll(
    /'([a-z]+(?:_[a-z]+)+)'/g,
  )
  const codes = new Set([...spelled.keys(), ...[...early].map(([, code]) => code)])

  it('has one line for each code that can be answered, and for nothing else', () => {
    expect(rows.map(([code]) => bare(code)).sort()).toEqual([...codes].sort())
  })

  it('gives the status that goes with the code', () => {
    for (const [code, status] of rows) {
      const actual = spelled.get(bare(code)) ?? Number(status)
      expect(`${code} ${status}`).toBe(`${code} ${actual}`)
    }
  })

  it('says of each when it comes and what to do', () => {
    for (const row of rows) expect(row.filter((cell) => cell !== '')).toHaveLength(4)
  })
})

describe('the page of routes', () => {
  const rows = tableRows(introduction(text('docs/api.md')))
  const { app, table } = createApp({ mounts: faces, basePath: '', corsOrigins: [], behind: undefined })
  const asRouted = (path: string) => path.replace(/\/$/, '').replace(/\{(\w+)\}/g, ':$1')

  it('has one row for each route of the router, and for nothing else', () => {
    const routed = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`)
    const written = rows.map(([method, path]) => `${method} ${asRouted(bare(path))}`)
    expect(written.sort()).toEqual([...new Set(routed)].sort())
  })

  it('says which routes need no token', () => {
    for (const [method = '', path, token] of rows) {
      const needed = table.isPublic(method, bare(path).replace(/\/$/, '')) ? 'no' : 'yes'
      expect(`${method} ${path} ${token}`).toBe(`${method} ${path} ${needed}`)
    }
  })

  it('names the permission that each route asks for', () => {
    for (const { basePath, endpoints } of faces) {
      for (const { method, path, permission } of endpoints) {
        const row = rows.find(([of, at]) => of === method.toUpperCase() && bare(at) === basePath + path)
        expect(`${path} ${bare(row?.[3])}`).toBe(`${path} ${permission ?? '–'}`)
      }
    }
  })
})

describe('the pages', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const markdown = text(page).replace(/^```.*?^```$/gms, '')
    const links = [...markdown.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target)
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
      return !existsSync(file) || (anchor !== undefined && !anchors(readFileSync(file, 'utf8')).has(anchor))
    })
    expect(broken).toEqual([])
  })

  it('are all to be found from the README', () => {
    const reached = new Set<string>()
    const follow = (page: string) => {
      if (reached.has(page)) return
      reached.add(page)
      for (const [, path = ''] of text(page).matchAll(/\]\((?!https?:)([^)\s#]+\.md)/g)) {
        follow(join(dirname(page), path))
      }
    }
    follow('README.md')
    expect([...reached].sort()).toEqual(pages.toSorted())
  })

  it('list every decision in the index of decisions, in order', () => {
    const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).map((file) => basename(file))
    const listed = [...text('docs/decisions/index.md').matchAll(/\]\(([^)]+)\)/g)].map(([, file]) => file)
    expect(listed).toEqual(files.sort())
  })

  it('keep a decision to forty lines, with its context, decision and consequences', () => {
    for (const file of globSync('docs/decisions/[0-9]*.md', { cwd: root })) {
      const lines = text(file).trimEnd().split('\n')
      expect(lines.length).toBeLessThanOrEqual(40)
      expect(lines[0]).toMatch(new RegExp(`^# ${basename(file).slice(0, 4)}\\. `))
      expect(lines.filter((line) => line.startsWith('## '))).toEqual([
        '## Context',
        '## Decision',
        '## Consequences',
      ])
    }
  })
})

describe('the README', () => {
  it('shows the two commands', () => {
    const commands = blocks(text('README.md'), 'sh').map((code) => code.trim())
    expect(commands).toContain('npm ci && npm start')
    expect(commands).toContain('npm ci && npm test')
  })
})

describe('the examples', () => {
  let database: TestDatabase
  let gateway: GatewayProcess
  let folder: string

  beforeAll(async () => {
    database = await freshDatabase()
    folder = await mkdtemp(join(tmpdir(), 'guichet-test-docs-'))
    const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
    gateway = await startGatewayProcess(env, { dataDir: join(folder, 'data') })
  })

  afterAll(async () => {
    await gateway.remove()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  const shell = async (code: string, env: Record<string, string> = {}) => {
    const script = code.replaceAll('http://localhost:3000', gateway.url)
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
    })
    return stdout
  }

  it('of the README work as they are pasted', async () => {
    const [calls = ''] = blocks(section(text('README.md'), 'Three calls'), 'sh')
    const answers = (await shell(calls)).trim().split('\n')
    expect(answers.map((answer) => Object.keys(JSON.parse(answer).data))).toEqual([
      ['access', 'refresh', 'access_expire', 'refresh_expire', 'refesh_expire', 'token_type'],
      expect.arrayContaining(['subject', 'permissions']),
      ['access', 'access_expires', 'access_expire', 'token_type'],
    ])
  })

  it.each(['docs/guide.md', 'docs/fr/guide-jwt.md'])('of %s work as they are pasted', async (page) => {
    const env = { GUICHET_URL: gateway.url, GUICHET_API_KEY: await gateway.firstKey() }
    const [variables, exchange, use, refresh] = blocks(text(page), 'sh')
    // Used again after the refresh: the token that it brought must be good.
    const said = await shell([variables, exchange, use, 'echo', refresh, use].join('\n'), env)
    const subjects = said.split('\n').map((answer) => JSON.parse(answer).data.subject)
    const [javascript = ''] = blocks(text(page), 'js')
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', javascript], { env })
    expect(subjects).toHaveLength(2)
    expect(stdout).toContain(subjects[0])
    expect(subjects[1]).toBe(subjects[0])
  })
})

describe('the two guides', () => {
  const english = text('docs/guide.md')
  const french = text('docs/fr/guide-jwt.md')

  it.each(['sh', 'json', 'js', 'python'])('show the same %s', (language) => {
    expect(blocks(french, language)).toEqual(blocks(english, language))
    expect(blocks(french, language)).not.toEqual([])
  })

  it('explain the same fields and errors, in the same order', () => {
    const named = (page: string) => tableRows(page).map(([first = '']) => first.match(/`[^`]+`/g)?.[0])
    expect(named(french)).toEqual(named(english))
    expect(named(french)).toContain('`data.refesh_expire`')
    expect(named(french)).toContain('`data.access_expires`')
  })

  it('name no error that the gateway does not know', () => {
    const known = Object.values(spellings).map(({ status, code }) => `${status} \`${code}\``)
    const errors = tableRows(english).flatMap(([first = '']) => (/^\d{3} /.test(first) ? [first] : []))
    expect(errors.filter((error) => !known.includes(error))).toEqual([])
    expect(errors).not.toEqual([])
  })
})

/** The anchors that a page's headings have. */
function anchors(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
