import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contextWords, judgePassword } from '../../src/core/accounts/password-rules.ts'
import type { Passwords } from '../../src/core/accounts/passwords.ts'
import { nodePasswords } from '../../src/runtime/passwords/node-passwords.ts'
import { startWorkerOf, type TestWorker } from '../support/worker.ts'

type Hashing = Pick<Passwords, 'hash' | 'verify'> & {
  readonly describe: (hash: string) => Promise<ReturnType<Passwords['describe']>>
  readonly isCommon: (password: string) => Promise<boolean>
}

const local = nodePasswords()
const onNode: Hashing = {
  ...local,
  describe: async (hash) => local.describe(hash),
  isCommon: async (password) => (await local.common()).has(password),
}

let worker: TestWorker
const inWorkerd: Hashing = {
  hash: (password) => ask('/hash', { password }),
  verify: (password, hash) => ask('/verify', { password, hash }),
  describe: (hash) => ask('/describe', { password: '', hash }),
  isCommon: (password) => ask('/common', { password }),
}

async function ask<T>(path: string, question: object): Promise<T> {
  const answer = await fetch(worker.url + path, { method: 'POST', body: JSON.stringify(question) })
  expect(answer.status).toBe(200)
  // The Worker of this test alone answers, in the type of its path.
  return (await answer.json()) as T
}

beforeAll(async () => {
  worker = await startWorkerOf(resolve(import.meta.dirname, '../support/passwords-worker.toml'))
})
afterAll(() => worker.stop())

const password = 'correct horse éè🔑'

/** Made by argon2 of the reference implementation, htpasswd of Apache, passlib, Django 5 and Werkzeug 3. */
const foreign: Readonly<Record<string, string>> = {
  'argon2id, of more lanes':
    '$argon2id$v=19$m=4096,t=3,p=4$c29tZXNhbHQxMg$cMBedoo5SNd0fhefc2kYycgrGzxLM24oxCIHtL7ibck',
  argon2i: '$argon2i$v=19$m=4096,t=3,p=4$c29tZXNhbHQxMg$+im7LZqNtujRPVZiHNfGmyDeJo3OOZdvtVWDK8ZsTC4',
  argon2d: '$argon2d$v=19$m=4096,t=3,p=4$c29tZXNhbHQxMg$b6dpdv8DwL0AdKNzs49i8gJDTv7s4tIBcKgE2VcF3FM',
  'bcrypt 2y': '$2y$05$UPGX6f1imh5os0BWYUEJ1OTd.c.Yo/DPSVWB76CnNuzO3UU.ICJ8q',
  'bcrypt 2b': '$2b$05$UPGX6f1imh5os0BWYUEJ1OTd.c.Yo/DPSVWB76CnNuzO3UU.ICJ8q',
  'bcrypt 2a': '$2a$05$UPGX6f1imh5os0BWYUEJ1OTd.c.Yo/DPSVWB76CnNuzO3UU.ICJ8q',
  'scrypt of passlib':
    '$scrypt$ln=12,r=8,p=1$du5dSwkB4NwbA2BMae09hw$QSvvSWcBZ3861mt+CQQPbIibqsNT2o8ci3oEAnR5M1s',
  'scrypt of Django':
    'scrypt$16384$IdYw2EDAFBrFUZscTyW16h$8$5$THPtIuqDif8oLXmcTwLUxfQa6xgHeYfjoXNzwt8hro5rl1cHXOYh1qGwrqnNWvtBO+HYYS3bPNQy7rCVWZOliA==',
  'scrypt of Werkzeug':
    'scrypt:32768:8:1$of1hjSfvjKSSOaJ4$d39cc4b51dd56b09aa1074ac02dc47319689d6384dac1bc1debc34c73725b3d92e5943405c43544d7d5b85ad0a89bc19d02ec61959013891b023ae03fbad886b',
}

/** Of the same tool, at this gateway's own strength, with a salt of ten bytes. */
const reference = '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMg$PoO6h17TzHzlE0JW8c8KJ+Fm762IrZBefDRTsk7lVTs'

/** By htpasswd, of 72 times x. */
const bcryptOf72 = '$2y$05$9VefeDWuC5CnqFXwfTbktesN8QUKLcc93Q9d/1u9FDdMn0CgK4tp6'

describe.each([
  { where: 'on Node', here: onNode, there: inWorkerd },
  { where: 'in workerd', here: inWorkerd, there: onNode },
])('passwords $where', ({ here, there }) => {
  it('become argon2id in the PHC format, under a salt of their own', async () => {
    const hashes = [await here.hash(password), await here.hash(password)]
    expect(hashes[0]).not.toBe(hashes[1])
    for (const hash of hashes) {
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    }
  })

  it('are verified here, on the other runtime and as the reference implementation has them', async () => {
    const hash = await here.hash(password)
    expect(await here.verify(password, hash)).toBe(true)
    expect(await there.verify(password, hash)).toBe(true)
    expect(await here.verify(password, reference)).toBe(true)
    expect(await here.verify(`${password} `, reference)).toBe(false)
  })

  it.each([
    ['abc\u0000x', 'abc'],
    [`${'x'.repeat(72)}a`, `${'x'.repeat(72)}b`],
    ['\u00e9 composed and long', 'e\u0301 composed and long'],
    ['Case matters to it', 'case matters to it'],
    [' spaces at both ends ', 'spaces at both ends'],
  ])('are what was received and nothing like it: %j is not %j', async (one, other) => {
    const hash = await here.hash(one)
    expect(await here.verify(one, hash)).toBe(true)
    expect(await here.verify(other, hash)).toBe(false)
  })

  it('may have 1024 characters of four bytes, or one, and none is no password', async () => {
    for (const each of ['🔑'.repeat(1024), '\u0005']) {
      const hash = await here.hash(each)
      expect(await here.verify(each, hash)).toBe(true)
      expect(await here.verify('', hash)).toBe(false)
    }
  })

  it('are of nobody where there is no hash', async () => {
    expect(await here.verify(password, undefined)).toBe(false)
  })

  it.each(Object.entries(foreign))('are known by %s', async (_scheme, hash) => {
    expect(await here.verify(password, hash)).toBe(true)
    expect(await here.verify('correct horse', hash)).toBe(false)
  })

  it('are refused by a hash that cannot tell them after the work of one that can', async () => {
    const msOf = async (hash: string | undefined) => {
      const tries: number[] = []
      for (let index = 0; index < 3; index++) {
        const from = performance.now()
        expect(await here.verify('x'.repeat(73), hash)).toBe(false)
        tries.push(performance.now() - from)
      }
      return Math.min(...tries)
    }
    const unknown = await msOf(undefined)
    for (const hash of [bcryptOf72, 'no hash that we know']) {
      expect(await msOf(hash)).toBeGreaterThan(unknown / 10)
    }
  })

  it('are not known by bcrypt beyond its 72 bytes, nor with a NUL, which it would repeat', async () => {
    expect(await here.verify('x'.repeat(72), bcryptOf72)).toBe(true)
    expect(await here.verify('x'.repeat(71), bcryptOf72)).toBe(false)
    expect(await here.verify('x'.repeat(73), bcryptOf72)).toBe(false)
    expect(await here.verify(`${password}\0${password}`, foreign['bcrypt 2b'])).toBe(false)
  })

  it('are looked up in the list of common ones', async () => {
    expect(await here.isCommon('password')).toBe(true)
    expect(await here.isCommon('1qaz2wsx3edc4rfv')).toBe(true)
    expect(await here.isCommon('correct horse battery staple')).toBe(false)
  })
})

describe('a hash from elsewhere', () => {
  it.each(Object.entries(foreign))('is known, and due for a new one: %s', (scheme, hash) => {
    expect(local.describe(hash)).toEqual({ scheme: scheme.split(/[ ,]/)[0] })
    expect(local.needsRehash(hash)).toBe(true)
  })

  it('is as good as ours only where it is of our scheme, strength and lengths', async () => {
    const own = await local.hash(password)
    expect(local.needsRehash(own)).toBe(false)
    expect(local.needsRehash(own.replace('t=2', 't=3'))).toBe(true)
    expect(local.needsRehash(own.replace('argon2id', 'argon2i'))).toBe(true)
    expect(local.needsRehash(reference)).toBe(true)
  })

  const argon2 = (terms: string) =>
    `$argon2id$${terms}$c29tZXNhbHQxMg$cMBedoo5SNd0fhefc2kYycgrGzxLM24oxCIHtL7ibck`
  const phc = (terms: string) =>
    `$scrypt$${terms}$du5dSwkB4NwbA2BMae09hw$QSvvSWcBZ3861mt+CQQPbIibqsNT2o8ci3oEAnR5M1s`
  const bcrypt = (cost: string) => `$2b$${cost}$UPGX6f1imh5os0BWYUEJ1OTd.c.Yo/DPSVWB76CnNuzO3UU.ICJ8q`

  it.each([
    [argon2('v=19$m=131072,t=8,p=1'), argon2('v=19$m=131073,t=1,p=1')],
    [argon2('v=19$m=131072,t=8,p=16'), argon2('v=19$m=131072,t=9,p=1')],
    [argon2('v=19$m=128,t=1,p=16'), argon2('v=19$m=136,t=1,p=17')],
    [argon2('v=19$m=8,t=1,p=1'), argon2('v=19$m=7,t=1,p=1')],
    [argon2('v=19$m=8,t=1,p=1'), argon2('v=19$m=8,t=0,p=1')],
    [argon2('v=19$m=8,t=1,p=1'), argon2('v=19$m=8,t=1,p=0')],
    [argon2('v=19$m=4096,t=3,p=4'), argon2('v=16$m=4096,t=3,p=4')],
    [argon2('v=19$m=4096,t=3,p=4'), argon2('m=4096,t=3,p=4')],
    [bcrypt('04'), bcrypt('03')],
    [bcrypt('14'), bcrypt('15')],
    [bcrypt('05'), bcrypt('05').replace('$2b', '$2x')],
    [bcrypt('05'), bcrypt('05').slice(0, -1)],
    [phc('ln=17,r=8,p=4'), phc('ln=18,r=8,p=1')],
    [phc('ln=17,r=8,p=4'), phc('ln=17,r=8,p=5')],
    [phc('ln=1,r=1,p=1'), phc('ln=0,r=1,p=1')],
    [phc('ln=1,r=1,p=1'), phc('ln=1,r=0,p=1')],
    [foreign['scrypt of Werkzeug']!, foreign['scrypt of Werkzeug']!.replace('32768', '32767')],
    [foreign['scrypt of Django']!, foreign['scrypt of Django']!.replace('$8$5$', '$8$')],
  ])('is bounded: %s is known, and not %s', async (known, unknown) => {
    expect(local.describe(known).problem).toBeUndefined()
    expect(local.describe(unknown)).toEqual({ problem: expect.stringMatching(/\.$/) })
    expect(await local.verify(password, unknown)).toBe(false)
  })

  it.each([
    '',
    'password',
    '$argon2id$',
    '5f4dcc3b5aa765d61d8327deb882cf99',
    '$6$rounds=5000$saltsalt$hash',
    `$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQxMh$cMBedoo5SNd0fhefc2kYycgrGzxLM24oxCIHtL7ibck`,
    `$2b$05$${'a'.repeat(600)}`,
  ])('is refused, and never quoted, where it is none: %j', async (text) => {
    const { problem } = local.describe(text)
    expect(problem).toMatch(/^It is|^Its/)
    if (text.length > 10) expect(problem).not.toContain(text.slice(-10))
    expect(await local.verify(password, text)).toBe(false)
    expect(local.needsRehash(text)).toBe(true)
  })

  it('may take half as much memory in an isolate as on Node', async () => {
    expect((await inWorkerd.describe(argon2('v=19$m=65536,t=1,p=1'))).problem).toBeUndefined()
    expect((await inWorkerd.describe(argon2('v=19$m=65537,t=1,p=1'))).problem).toBe(
      'Its m is not between 8 times p and 65536.',
    )
  })
})

describe('the list of common passwords', () => {
  it.each([
    ['password12345678', 'common'],
    ['1QAZ2wsx3edc4rfv', 'common'],
    ['qwertyuiopasdfgh', 'common'],
    ['Guichet123456789', 'context_word'],
    ['correct horse battery staple', undefined],
    ['correcthorsebatterystaple', undefined],
    ['my password is a long one', undefined],
    ['a'.repeat(64), undefined],
  ])('judges %j: %s', async (chosen, rule) => {
    const words = contextWords(['ada@example.com'])
    const judged = judgePassword(chosen, { minLength: 15, words, common: await local.common() })
    expect(judged.ok ? undefined : judged.failure.rule).toBe(rule)
  })
})

describe('a text that has no UTF-8', () => {
  it('is the password of no hash, and gets none', async () => {
    const hash = await local.hash('\uFFFD is what a lone one becomes')
    expect(await local.verify('\uD83D is what a lone one becomes', hash)).toBe(false)
    await expect(local.hash('\uD83D is what a lone one becomes')).rejects.toThrow(TypeError)
  })
})
