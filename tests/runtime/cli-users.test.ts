import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hash as bcrypt } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

const password = 'a long enough password'

let database: TestDatabase
let gateway: GatewayProcess
let command: GuichetCommand
let guichet: GuichetCommand['run']

beforeAll(async () => {
  database = await migratedDatabase()
  const settings = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
  gateway = await startGatewayProcess(settings)
  const key = await gateway.firstKey()
  command = await guichetCommand(() => ({
    ...settings,
    GUICHET_URL: gateway.url,
    GUICHET_API_KEY: key,
  }))
  guichet = command.run
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await command.remove()
})

const login = async (identifier: string, typed = password) => {
  const json = { identifier, password: typed }
  const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/login`, { json })
  return { code: body.error?.code ?? status, access: body.data?.access }
}
/** What was printed by a command that had to succeed. */
const done = async (args: string, input = '') => {
  const ending = await guichet(args, {}, input)
  expect([args, ending.code, ending.stderr]).toEqual([args, 0, ''])
  return ending.json
}

describe('guichet users', () => {
  it('makes the first administrator, with the password of standard input to its last byte', async () => {
    const made = await done('users create --email Ada@Example.com --admin --name Ada', `${password} \n`)
    expect(made).toMatchObject({ email: 'ada@example.com', role: 'admin', state: 'active', name: 'Ada' })
    expect((await login('ada@example.com')).code).toBe('invalid_credentials')
    const { code, access } = await login('ada@example.com', `${password} `)
    expect(code).toBe(200)
    const users = await call('GET', `${gateway.url}/api/v1/users`, { token: access })
    expect(users.body.data.items).toMatchObject([{ id: made.id }])
  })

  it('lists, disables, enables and gives roles, by address or by id', async () => {
    const { id } = await done('users create --email grace@example.com', password)
    const listed = await done('users list')
    expect(listed.map(({ email }: { email: string }) => email)).toContain('grace@example.com')
    expect(await done('users disable GRACE@example.com')).toMatchObject({ id, state: 'disabled' })
    expect((await login('grace@example.com')).code).toBe('user_disabled')
    expect(await done(`users enable ${id}`)).toMatchObject({ id, state: 'active' })
    expect((await login('grace@example.com')).code).toBe(200)
    expect(await done(`users set-role ${id} admin`)).toMatchObject({ id, role: 'admin' })
    const table = await guichet('users list --table')
    expect(table.stdout).toMatch(/^ID +EMAIL +ROLE +STATE +CREATED\n/)
    expect(table.stdout).toMatch(/ grace@example\.com +admin +active +\d{4}-/)
    expect(await done(`users set-role ${id} user`)).toMatchObject({ role: 'user' })
  })

  it('shows what one person did, and nothing that was done to them', async () => {
    const { id } = await done('users create --email mary@example.com', password)
    expect((await login('mary@example.com')).code).toBe(200)
    await done(`users disable ${id}`)
    expect(await done(`audit list --user ${id}`)).toMatchObject([{ kind: 'sign-in', user_id: id }])
    expect(await done(`audit list --user ${id} --kind sign-out`)).toEqual([])
    expect((await guichet('audit list --user mary')).code).not.toBe(0)
  })

  it('invites instead of asking for a password', async () => {
    const invited = await done('users create --email new@example.com --invite --locale fr')
    expect(invited).toMatchObject({ state: 'invited', locale: 'fr' })
    const mails = await database.query(`select kind from mail_outbox where user_id = '${invited.id}'`)
    expect(mails).toEqual([{ kind: 'invite' }])
  })

  it.each([
    ['users create', '', 2, "required option '--email <address>'"],
    ['users create --email x@example.com', '', 2, 'Give the password on standard input'],
    ['users create --email x@example.com --password secret', '', 2, "unknown option '--password'"],
    ['users create --email x@example.com --admin --role user', password, 2, 'cannot be used with'],
    ['users create --email x@example.com', 'short', 1, 'password_unacceptable'],
    ['users create --email x', password, 1, 'invalid_fields'],
    ['users disable nobody@example.com', '', 1, 'no user with the address'],
    ['users set-role ada@example.com no-such-role', '', 1, 'role_not_found'],
    ['users set-role ada@example.com user', '', 1, 'last_admin'],
  ])('ends `%s` with a line that says why', async (args, input, code, message) => {
    const ending = await guichet(args, {}, input)
    expect(ending).toMatchObject({ code, stdout: '' })
    expect(ending.stderr).toMatch(/^guichet: [^\n]+\n$/)
    expect(ending.stderr).toContain(message)
  })

  it('ends every help with examples', async () => {
    for (const verb of ['', 'create', 'list', 'disable', 'enable', 'set-role', 'import']) {
      const { code, stdout } = await guichet(`users ${verb} --help`.replace('  ', ' '))
      expect([verb, code, /\nExamples?:\n {2}\$ /.test(stdout)]).toEqual([verb, 0, true])
    }
  })
})

describe('guichet users import', () => {
  const file = 'people.json'
  const write = (rows: unknown) =>
    writeFile(
      join(command.folder, file),
      typeof rows === 'string' || rows instanceof Uint8Array ? rows : JSON.stringify(rows),
    )
  const count = async () => Number((await database.query('select count(*) from users'))[0]?.['count'])
  const id = crypto.randomUUID()
  const argon2 =
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

  it('adds people with their ids, hashes and profiles, and a second time changes nothing', async () => {
    const elsewhere = 'the password from elsewhere'
    await write([
      {
        id,
        email: 'Old@Example.com',
        username: 'old.hand',
        password_hash: await bcrypt(elsewhere, 4),
        name: 'Old',
        surname: null,
        locale: 'fr',
        metadata: { legacy: 7 },
        created_at: '2020-05-01T10:00:00+02:00',
        email_confirmed_at: '2020-05-02T10:00:00Z',
      },
      { email: 'fresh@example.com', role: 'admin' },
      { email: 'strong@example.com', password_hash: argon2 },
    ])
    const before = await count()
    const dry = await done(`users import ${file} --dry-run`)
    expect(dry).toMatchObject({ dry_run: true, added: [{ id, email: 'old@example.com' }, {}, {}], known: [] })
    expect(await count()).toBe(before)

    const imported = await done(`users import ${file}`)
    expect(imported).toMatchObject({ dry_run: false, added: [{ id }, {}, {}], known: [] })
    expect(await count()).toBe(before + 3)
    const [row] = await database.query(`select * from users where id_user = '${id}'`)
    expect(row).toMatchObject({
      email: 'old@example.com',
      username: 'old.hand',
      name: 'Old',
      surname: null,
      locale: 'fr',
      metadata: { legacy: 7 },
      created_at: new Date('2020-05-01T08:00:00Z'),
      email_confirmed_at: new Date('2020-05-02T10:00:00Z'),
    })
    expect((await login('old.hand', 'the password from nowhere')).code).toBe('invalid_credentials')
    expect((await login('old.hand', elsewhere)).code).toBe(200)
    const [rehashed] = await database.query(`select password_hash from users where id_user = '${id}'`)
    expect(rehashed?.['password_hash']).toMatch(/^\$argon2id\$/)
    expect((await login('old@example.com', elsewhere)).code).toBe(200)
    await database.query(`update users set name = 'Changed here' where id_user = '${id}'`)

    const again = await done(`users import ${file}`)
    expect(again).toMatchObject({ added: [], known: [{ id }, {}, {}] })
    expect(await count()).toBe(before + 3)
    const [same] = await database.query(`select name from users where id_user = '${id}'`)
    expect(same).toEqual({ name: 'Changed here' })
    const events = await database.query(`select details from audit_events where kind = 'user.import'`)
    expect(events).toEqual([{ details: { users: 3 } }])
  })

  it('tells every faulty row with its place, and imports none', async () => {
    const sha1 = createHash('sha1').update('x').digest('hex')
    await write([
      { email: 'good@example.com' },
      { email: 'no address', username: '@', password_hash: sha1, role: 'no-such-role' },
      { email: 'GOOD@example.com' },
      { id: crypto.randomUUID(), email: 'old@example.com' },
      { email: 'other@example.com', username: 'OLD.HAND' },
      { email: 'heavy@example.com', password_hash: '$2b$31$'.padEnd(60, 'a') },
    ])
    const before = await count()
    for (const option of ['', ' --dry-run']) {
      const ending = await guichet(`users import ${file}${option}`)
      expect(ending.code).toBe(1)
      expect(ending.json.faults.map(({ place }: { place: string }) => place)).toEqual([
        '[1].email',
        '[1].username',
        '[1].role',
        '[1].password_hash',
        '[2].email',
        '[3].email',
        '[4].username',
        '[5].password_hash',
      ])
      expect(ending.stderr).toBe('guichet: Nothing was imported: 5 rows are faulty.\n')
      expect(ending.stdout + ending.stderr).not.toContain(sha1)
    }
    expect(await count()).toBe(before)
  })

  it('tells what is no row of people, each by its place', async () => {
    await write([
      { email: 'good@example.com', created_at: 'yesterday', is_admin: true, metadata: [] },
      'a text',
      { id: 'none', email: 7 },
    ])
    const { json, code } = await guichet(`users import ${file}`)
    expect(code).toBe(1)
    expect(json.faults.map(({ place }: { place: string }) => place).sort()).toEqual([
      '[0].created_at',
      '[0].is_admin',
      '[0].metadata',
      '[1]',
      '[2].email',
      '[2].id',
    ])
  })

  it.each([
    ['no JSON', '{"password_hash":"$2b$10$secret'],
    ['no array', '{"email":"x@example.com"}'],
    ['no UTF-8', Uint8Array.of(0x5b, 0xff, 0x5d)],
  ])('refuses a file that is %s, and shows nothing of it', async (_, content) => {
    await write(content)
    const ending = await guichet(`users import ${file}`)
    expect(ending).toMatchObject({ code: 1, stdout: '' })
    expect(ending.stderr).toBe(`guichet: ${file} is not a JSON array in UTF-8.\n`)
  })

  it('says that a file is not there, and which database it could not reach', async () => {
    expect((await guichet('users import none.json')).stderr).toContain('none.json')
    await write([])
    const gone = await guichet(`users import ${file}`, { DATABASE_URL: 'postgres://127.0.0.1:1/none' })
    expect(gone.code).toBe(1)
    expect(await done(`users import ${file}`)).toEqual({ dry_run: false, added: [], known: [], skipped: [] })
  })

  it('takes thousands at once', async () => {
    await write(Array.from({ length: 3000 }, (_, index) => ({ email: `crowd${index}@example.com` })))
    const before = await count()
    expect((await done(`users import ${file}`)).added).toHaveLength(3000)
    expect(await count()).toBe(before + 3000)
    expect((await done(`users import ${file}`)).known).toHaveLength(3000)
  })
})
