import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { Measured } from './measured.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly measuredFile: string
  }
}

const page = resolve(import.meta.dirname, '../../../docs/reliability.md')

/** Gathers what the tests measure; with `FAULTS_WRITE=yes` a thorough run puts it into docs/reliability.md. */
export default function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'guichet-test-measured-'))
  const file = join(folder, 'measured.jsonl')
  writeFileSync(file, '')
  project.provide('measuredFile', file)
  return () => {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    const measurements: readonly Measured[] = lines.map((line) => JSON.parse(line))
    rmSync(folder, { recursive: true })
    if (process.env['FAULTS_WRITE'] !== 'yes') return
    writeFileSync(page, withMeasured(readFileSync(page, 'utf8'), measurements))
  }
}

/** The page with these in the fourth column of their rows, and where and when they were taken. Other rows stay. */
export function withMeasured(markdown: string, measurements: readonly Measured[]): string {
  const texts = Map.groupBy(measurements, ({ id }) => id)
  const between = /(<!-- measured -->\n)(.*?)(\n<!-- \/measured -->)/s
  return markdown
    .replace(between, (_, start: string, rows: string, end: string) => {
      const written = rows.split('\n').map((row) => {
        const cells = row.split(' | ')
        const found = texts.get(cells[0]?.replace('| ', '').trim() ?? '')
        if (found === undefined || cells.length !== 5) return row
        const told = found.map(({ text }) => text.replaceAll('|', '/')).join('; ')
        return cells.with(3, told).join(' | ')
      })
      return `${start}${written.join('\n')}${end}`
    })
    .replace(/(<!-- machine -->\n).*?(\n<!-- \/machine -->)/s, (before, start: string, end: string) =>
      texts.size === 0 ? before : `${start}${machine()}${end}`,
    )
}

function machine(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  const versions = `Node ${process.versions.node}, PostgreSQL 18, ${process.platform} ${process.arch}`
  return `Measured on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores (${cpu?.model.trim()}), ${gigabytes} GiB; ${versions}.`
}
