import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { findCredentials, hideCredentials } from '../../src/core/keys/find-credentials.ts'
import { mintRefreshToken } from '../../src/core/tokens/refresh-token.ts'
import { scanText } from '../../src/runtime/cli/scan-text.ts'
import { system } from '../../src/runtime/system.ts'
import { createVault } from '../../src/runtime/vault.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

const key = (prefix = 'gk') => mintApiKeyText(system, prefix)
const sessionId = crypto.randomUUID()
const refreshToken = mintRefreshToken({ ...system, vault: createVault(['s'.repeat(32)]) }, sessionId)
const idOf = (text: string) => text.slice(text.lastIndexOf('_') + 1).slice(0, 12)

let guichet: GuichetCommand
beforeAll(async () => {
  guichet = await guichetCommand()
})
afterAll(() => guichet.remove())

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const file = join(guichet.folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, content)
}

describe('the finder of credentials', () => {
  it.each([
    ['alone', (text: string) => text],
    ['after an assignment', (text: string) => `KEY=${text}`],
    ['after a word and an underscore', (text: string) => `MY_KEY_${text}`],
    ['after a lower-case word and an underscore', (text: string) => `my_key_${text}`],
    ['after letters without a gap', (text: string) => `%3Dx${text}`],
    ['before letters without a gap', (text: string) => `${text}nnn`],
    ['in JSON', (text: string) => `{"apiKey":"${text}"}`],
    ['in a URL', (text: string) => `https://h.test/?k=${text}&b=1`],
  ])('finds a key %s', (_where, wrap) => {
    for (const text of [key(), key('acme_live_2'), key('a')]) {
      const whole = wrap(text)
      const [found, ...others] = findCredentials(whole)
      expect(others).toEqual([])
      expect(found).toMatchObject({ kind: 'api_key', id: idOf(text), length: text.length })
      expect(whole.slice(found!.index, found!.index + found!.length)).toBe(text)
    }
  })

  it('finds a refresh token, and takes no part of it for a key', () => {
    expect(findCredentials(`"${refreshToken}"`)).toMatchObject([
      { kind: 'refresh_token', prefix: 'grt', id: sessionId.replaceAll('-', ''), index: 1 },
    ])
  })

  it('finds nothing in what only looks like a key', () => {
    const text = key()
    const wrong = [
      `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`,
      text.slice(0, -1),
      text.replace('gk_', 'GK_'),
      `gk_${'0'.repeat(46)}`,
    ]
    expect(findCredentials(wrong.join(' '))).toEqual([])
  })

  it('hides keys and tokens in words of others', () => {
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln'
    expect(hideCredentials(`a ${key()} b ${refreshToken}, ${jwt}.`)).toBe('a … b …, ….')
  })
})

describe('a text in pieces', () => {
  it('gives every key once, at its line and column, wherever it is cut', async () => {
    const [one, two] = [key(), key('acme_live')]
    const text = `first\n  ${one}\r\n${'x'.repeat(200)} ${refreshToken} ${two}\n`
    for (const size of [1, 7, 64, 101, text.length]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) as string[]
      const found = await Array.fromAsync(scanText(asAsync(pieces)))
      expect(found.map(({ line, column, prefix }) => [line, column, prefix])).toEqual([
        [2, 3, 'gk'],
        [3, 202, 'grt'],
        [3, 203 + refreshToken.length, 'acme_live'],
      ])
    }
  })

  it('keeps no more of a long text than it needs', async () => {
    const pieces = async function* () {
      for (let count = 0; count < 4000; count++) yield 'lorem_ipsum_dolor\n'.repeat(1000)
      yield key()
    }
    const before = process.memoryUsage().heapUsed
    const found = await Array.fromAsync(scanText(pieces()))
    expect(found).toMatchObject([{ line: 4_000_001, column: 1 }])
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024)
  })
})

describe('guichet keys scan', () => {
  it('finds keys in a folder, tells where, shows none, and ends with 1', async () => {
    const [one, two] = [key(), key('acme')]
    await put('tree/src/config.ts', `const a = 1\nconst key = '${one}'\n`)
    await put('tree/.env', `KEY=${two}`)
    await put('tree/clean.md', 'nothing')
    await put('tree/session.log', `refresh ${refreshToken}`)
    const { code, json, stdout, stderr } = await guichet.run('keys scan tree')
    expect([code, stderr]).toEqual([1, ''])
    const rows = json.toSorted((a: { file: string }, b: { file: string }) => (a.file < b.file ? -1 : 1))
    expect(rows).toEqual([
      { ...place('tree/.env', 1, 5), kind: 'api_key', prefix: 'acme', ...named('acme', two) },
      {
        ...place('tree/session.log', 1, 9),
        kind: 'refresh_token',
        prefix: 'grt',
        id: sessionId,
        hint: expect.any(String),
      },
      { ...place('tree/src/config.ts', 2, 14), kind: 'api_key', prefix: 'gk', ...named('gk', one) },
    ])
    for (const text of [one, two, refreshToken]) expect(stdout).not.toContain(text)
    const table = await guichet.run('keys scan tree/.env --table')
    expect(table).toMatchObject({ code: 1, stdout: `tree/.env:1:5: API key acme_${idOf(two)}…\n` })
  })

  it('ends with 0 where there is nothing', async () => {
    await put('clean/a.txt', `gk_${'a'.repeat(46)}`)
    expect(await guichet.run('keys scan clean --table')).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
      json: undefined,
    })
    expect((await guichet.run('keys scan clean')).json).toEqual([])
  })

  it('reads standard input', async () => {
    const { code, json } = await guichet.run('keys scan -', {}, `\n\n ${key()}`)
    expect(code).toBe(1)
    expect(json).toMatchObject([{ file: '-', line: 3, column: 2 }])
  })

  it('finds a key deep in a large file, across the borders of its pieces', async () => {
    const text = key()
    const lines = 'x'.repeat(1023)
    const at = 64 * 1024 - 20
    const content = `${`${lines}\n`.repeat(20_000).slice(0, at)}${text}\n${`${lines}\n`.repeat(20_000)}`
    await put('large.txt', content)
    const { code, json } = await guichet.run('keys scan large.txt')
    expect([code, json.length, json[0].line]).toEqual([1, 1, 64])
  })

  it('reads UTF-16 too, leaves binary files and git objects out, and says how many', async () => {
    await put('mixed/windows.txt', Buffer.from(`\ufeffé ${key()}`, 'utf16le'))
    await put('mixed/program.bin', Buffer.from(`\0\0${key()}`))
    await put('mixed/.git/objects/ab/cdef', key())
    await put('mixed/.git/config', key())
    const { code, json, stderr } = await guichet.run('keys scan mixed')
    expect(code).toBe(1)
    expect(json.map((row: { file: string }) => row.file).toSorted()).toEqual([
      'mixed/.git/config',
      'mixed/windows.txt',
    ])
    expect(stderr).toBe('guichet: Not looked into, since they are no text: 1 files.\n')
  })

  it('follows no links, and hides a key that is a file name', async () => {
    await mkdir(join(guichet.folder, 'linked'), { recursive: true })
    await symlink('..', join(guichet.folder, 'linked/loop'))
    expect((await guichet.run('keys scan linked')).code).toBe(0)
    const name = key()
    await put(`named/${name}`, `${key()}`)
    const { stdout } = await guichet.run('keys scan named')
    expect(stdout).not.toContain(name)
    expect(stdout).toContain('named/…')
  })

  it('ends with 2 for a path that is not there, and with 1 when it found something elsewhere', async () => {
    await put('there.txt', key())
    expect(await guichet.run('keys scan nowhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nowhere cannot be read (ENOENT).'),
    })
    expect((await guichet.run('keys scan nowhere there.txt')).code).toBe(1)
    expect((await guichet.run('keys scan')).code).toBe(2)
  })
})

describe('guichet keys rules', () => {
  it('print a pattern that finds a key and a refresh token', async () => {
    const { code, stdout } = await guichet.run('keys rules --gitleaks --prefix acme')
    expect(code).toBe(0)
    const patterns = [...stdout.matchAll(/^regex = '''(.*)'''$/gm)].map(
      ([, source = '']) => new RegExp(source),
    )
    const acme = key('acme')
    expect(patterns.map((pattern) => pattern.exec(`KEY="${acme}"`)?.[1])).toEqual([acme, undefined])
    expect(patterns.map((pattern) => pattern.exec(`x ${refreshToken}`)?.[1])).toEqual([
      undefined,
      refreshToken,
    ])
    expect(stdout).toContain('keywords = ["acme_"]')
    expect(stdout).toMatch(/^entropy = [0-9.]+$/m)
    expect(stdout).toContain('guichet keys scan')
  })

  it('print the fields of a custom pattern for GitHub, or JSON', async () => {
    const { stdout } = await guichet.run('keys rules --github')
    expect(stdout).toContain('Secret format:  gk_[0-9A-Za-z]{46}\n')
    expect(stdout).toContain('Before secret:  \\A|[^0-9A-Za-z]\n')
    const { json } = await guichet.run('keys rules --github --json')
    expect(json.map((rule: { pattern: string }) => rule.pattern)).toEqual([
      'gk_[0-9A-Za-z]{46}',
      'grt_[0-9A-Za-z]{82}',
    ])
  })

  it('ask which scanner they are for, and for a prefix that keys can have', async () => {
    const wrong = ['keys rules', 'keys rules --gitleaks --github', 'keys rules --github --prefix G']
    for (const args of wrong) expect([args, (await guichet.run(args)).code]).toEqual([args, 2])
  })
})

const place = (file: string, line: number, column: number) => ({ file, line, column })
const named = (prefix: string, text: string) => ({ id: idOf(text), hint: `${prefix}_${idOf(text)}…` })

async function* asAsync(pieces: readonly string[]) {
  yield* pieces
}
