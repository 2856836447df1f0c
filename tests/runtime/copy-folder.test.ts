import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copyFolder } from '../../src/runtime/backup/copy-folder.ts'

let folder: string
const at = (path: string) => join(folder, path)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-copy-'))
  await mkdir(at('from/old'), { recursive: true })
  for (const name of ['still', 'changed', 'old/gone', 'old/still', 'just written']) {
    await writeFile(at(`from/${name}`), `${name} before`)
    const longAgo = new Date(Date.now() - 60_000)
    if (name !== 'just written') await utimes(at(`from/${name}`), longAgo, longAgo)
  }
})
afterEach(() => rm(folder, { recursive: true }))

async function contents(of: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(at(of), { recursive: true })
  const texts = entries.map(async (path) => {
    const isFolder = (await stat(at(join(of, path)))).isDirectory()
    return [path, isFolder ? '' : await readFile(at(join(of, path)), 'utf8')] as const
  })
  return Object.fromEntries(await Promise.all(texts))
}

describe('the copy of a folder that is written to', () => {
  it('is what was there when it was held, and little is left to copy then', async () => {
    await copyFolder(at('from'), at('to'), async (work) => {
      expect(await contents('to')).toEqual(await contents('from'))
      const { mtimeMs } = await stat(at('to/still'))
      // As long as before: only its time tells.
      await writeFile(at('from/changed'), 'changed AFTER!')
      await rm(at('from/old/gone'))
      await mkdir(at('from/new'))
      await writeFile(at('from/new/file'), 'new')
      await work()
      expect((await stat(at('to/still'))).mtimeMs).toBe(mtimeMs)
    })
    expect(await contents('to')).toEqual(await contents('from'))
    expect((await contents('to'))['changed']).toBe('changed AFTER!')
    expect((await stat(at('to'))).mode & 0o777).toBe(0o700)
  })

  it('has what was written within the same step of the clock as the first look', async () => {
    await copyFolder(at('from'), at('to'), async (work) => {
      const { atime, mtime } = await stat(at('from/just written'))
      await writeFile(at('from/just written'), 'just written AFTER'.slice(0, 'just written before'.length))
      await utimes(at('from/just written'), atime, mtime)
      await work()
    })
    expect(await contents('to')).toEqual(await contents('from'))
  })
})
