import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hash as bcrypt } from 'bcryptjs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../support/app-code.ts'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

const file = 'auth-users.json'
const elsewhere = 'hunter2!'

let database: TestDatabase
let gateway: GatewayProcess
let command: GuichetCommand
let hashed: string

beforeAll(async () => {
  database = await freshDatabase()
  const settings = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
  gateway = await startGatewayProcess(settings)
  command = await guichetCommand(() => settings)
  hashed = (await bcrypt(elsewhere, 4)).replace('$2b$', '$2a$')
})

beforeEach(async () => {
  await database.query('delete from users')
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await command.remove()
})

const write = (content: unknown, name = file) =>
  writeFile(join(command.folder, name), typeof content === 'string' ? content : JSON.stringify(content))

const run = (options = '') => command.run(`users import ${file} --from supabase${options}`)

/** What was printed by a command that had to succeed. */
const done = async (options = '') => {
  const ending = await run(options)
  expect([ending.code, ending.stderr]).toEqual([0, ''])
  return ending.json
}

const everything = () =>
  Promise.all(
    ['users', 'profiles', 'identities', 'factors', 'audit_events'].map((table) =>
      database.query(`select * from ${table} order by 1`),
    ),
  )

const one = async (table: string, column: string, id: string) => {
  const [row] = await database.query(`select * from ${table} where ${column} = $1`, [id])
  return row
}

const login = async (identifier: string, password: string) => {
  const json = { identifier, password }
  const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/login`, { json })
  return { status, code: body.error?.code, data: body.data }
}

/** A row of auth.users as `json_agg` makes it, with columns that mean nothing here. */
const aRow = (changes: Readonly<Record<string, unknown>> = {}) => ({
  instance_id: '00000000-0000-0000-0000-000000000000',
  id: crypto.randomUUID(),
  aud: 'authenticated',
  role: 'authenticated',
  email: `${crypto.randomUUID()}@example.com`,
  encrypted_password: hashed,
  email_confirmed_at: '2023-04-05T06:07:08.912345+00:00',
  invited_at: null,
  confirmation_token: '',
  confirmation_sent_at: null,
  recovery_token: '',
  last_sign_in_at: '2025-01-02T03:04:05.678+00:00',
  raw_app_meta_data: { provider: 'email', providers: ['email'] },
  raw_user_meta_data: { full_name: 'Ada Lovelace', email_verified: true },
  is_super_admin: null,
  created_at: '2023-04-05T06:00:00.000001+00:00',
  updated_at: '2024-04-05T06:00:00+00:00',
  phone: null,
  phone_confirmed_at: null,
  phone_change: '',
  email_change_confirm_status: 0,
  banned_until: null,
  is_sso_user: false,
  deleted_at: null,
  is_anonymous: false,
  ...changes,
})

const anIdentity = (user: { readonly id: string }, changes: Readonly<Record<string, unknown>> = {}) => ({
  id: crypto.randomUUID(),
  user_id: user.id,
  provider: 'google',
  provider_id: `google-${user.id}`,
  identity_data: { sub: `google-${user.id}`, email: 'ada@gmail.test' },
  last_sign_in_at: '2025-01-02T03:04:05.678+00:00',
  created_at: '2023-04-05T06:00:00+00:00',
  updated_at: '2023-04-06T06:00:00+00:00',
  email: 'ada@gmail.test',
  ...changes,
})

const aFactor = (changes: Readonly<Record<string, unknown>> = {}) => ({
  id: crypto.randomUUID(),
  friendly_name: 'My phone',
  factor_type: 'totp',
  status: 'verified',
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  created_at: '2024-01-01T00:00:00+00:00',
  updated_at: '2024-01-01T00:01:00+00:00',
  phone: null,
  ...changes,
})

describe('guichet users import --from supabase', () => {
  it('keeps the id, the password, the metadata, the times and the identities', async () => {
    const row = aRow({ email: 'Ada@Example.com', banned_until: '2024-06-01T00:00:00+00:00' })
    const identity = anIdentity(row)
    await write([{ ...row, identities: [identity] }])
    const names = { id: row.id, email: 'ada@example.com', phone: null }
    const added = { ...names, password: 'bcrypt', identities: ['google'], factors: 0 }

    const before = await everything()
    expect(await done(' --dry-run')).toEqual({ dry_run: true, added: [added], known: [], skipped: [] })
    expect(await everything()).toEqual(before)

    expect(await done()).toEqual({ dry_run: false, added: [added], known: [], skipped: [] })
    expect(await one('users', 'id_user', row.id)).toMatchObject({
      email: 'ada@example.com',
      password_hash: hashed,
      metadata: row.raw_user_meta_data,
      app_metadata: row.raw_app_meta_data,
      claim_role: 'authenticated',
      email_confirmed_at: new Date('2023-04-05T06:07:08.912Z'),
      created_at: new Date('2023-04-05T06:00:00.000Z'),
      updated_at: new Date('2024-04-05T06:00:00Z'),
      last_sign_in_at: new Date('2025-01-02T03:04:05.678Z'),
      banned_until: new Date('2024-06-01T00:00:00Z'),
      sign_in_phone: null,
      is_anonymous: false,
      deleted_at: null,
    })
    expect(await one('profiles', 'id', row.id)).toMatchObject({ name: 'Ada Lovelace', role: 'user' })
    expect(await one('identities', 'id', identity.id)).toMatchObject({
      user_id: row.id,
      provider: 'google',
      provider_id: identity.provider_id,
      data: identity.identity_data,
      created_at: new Date('2023-04-05T06:00:00Z'),
      updated_at: new Date('2023-04-06T06:00:00Z'),
    })

    expect((await login('ada@example.com', 'hunter3!')).code).toBe('invalid_credentials')
    expect((await login('ada@example.com', elsewhere)).status).toBe(200)
    expect((await one('users', 'id_user', row.id))?.['password_hash']).toMatch(/^\$argon2id\$/)
    expect((await login('ada@example.com', elsewhere)).status).toBe(200)

    const signedIn = await everything()
    expect(await done()).toEqual({ dry_run: false, added: [], known: [names], skipped: [] })
    expect(await everything()).toEqual(signedIn)
    const again = await run(' --table')
    expect(again.stdout).toMatch(/ ada@example\.com +here already\n0 added, 1 here already\.\n$/)
  })

  it('takes people by number, people without any name, and those who are invited, banned or deleted', async () => {
    const byPhone = aRow({ email: null, phone: '33612345678', phone_confirmed_at: '2024-01-01T00:00:00Z' })
    const anonymous = aRow({
      email: '',
      phone: '',
      encrypted_password: '',
      email_confirmed_at: null,
      is_anonymous: true,
      raw_app_meta_data: {},
      raw_user_meta_data: {},
    })
    const invited = aRow({
      encrypted_password: null,
      invited_at: '2025-01-01T00:00:00Z',
      email_confirmed_at: null,
    })
    const banned = aRow({ banned_until: '2099-01-01T00:00:00Z', role: 'editor' })
    const deleted = aRow({
      email: 'kOtJ4q1Rkq8fQ1sD',
      phone: 'x9d8',
      encrypted_password: '',
      deleted_at: '2025-06-01T00:00:00Z',
    })
    await write([byPhone, anonymous, invited, banned, deleted])
    expect((await done()).added).toHaveLength(5)
    expect(await one('users', 'id_user', byPhone.id)).toMatchObject({
      email: null,
      sign_in_phone: '33612345678',
      phone_confirmed_at: new Date('2024-01-01T00:00:00Z'),
      email_confirmed_at: null,
    })
    expect(await one('users', 'id_user', anonymous.id)).toMatchObject({
      email: null,
      sign_in_phone: null,
      is_anonymous: true,
      password_hash: null,
    })
    const inviting = { password_hash: null, invited_at: new Date('2025-01-01T00:00:00Z') }
    expect(await one('users', 'id_user', invited.id)).toMatchObject({ ...inviting, email_confirmed_at: null })
    expect(await one('users', 'id_user', banned.id)).toMatchObject({ claim_role: 'editor' })
    expect((await login(banned.email, elsewhere)).code).toBe('user_banned')
    expect(await one('users', 'id_user', deleted.id)).toMatchObject({
      email: null,
      sign_in_phone: null,
      deleted_at: new Date('2025-06-01T00:00:00Z'),
    })
    expect((await done()).known).toHaveLength(5)
  })

  it('keeps authenticator apps, sealed, and says which second factors it cannot keep', async () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const kept = aFactor({ secret })
    const row = aRow({
      mfa_factors: [
        kept,
        aFactor({ factor_type: 'webauthn', secret: null }),
        aFactor({ secret: '{"key_id":"k","alg":"aes-gcm-hkdf","data":"…"}' }),
      ],
    })
    const begun = aRow({ mfa_factors: [aFactor({ status: 'unverified', friendly_name: '' })] })
    await write([row, begun])
    const ending = await run()
    expect(ending.json).toMatchObject({
      added: [{ factors: 1 }, { factors: 1 }],
      skipped: [
        { place: '[0].mfa_factors.1', problem: expect.stringContaining('of this kind is not offered') },
        { place: '[0].mfa_factors.2', problem: expect.stringContaining('encrypted') },
      ],
    })
    expect(ending.stdout).not.toContain(secret)
    const factor = await one('factors', 'id', kept.id)
    expect(factor).toMatchObject({ kind: 'totp', name: 'My phone', user_id: row.id })
    expect(factor?.['activated_at']).toEqual(new Date('2024-01-01T00:01:00Z'))
    expect(factor?.['sealed_secret']).not.toContain(secret)
    expect(await one('factors', 'user_id', begun.id)).toMatchObject({ activated_at: null })

    const challenged = await login(row.email, elsewhere)
    const { challenge } = challenged.data.second_factor
    const json = { challenge, method: 'totp', code: appCodeAt(secret, stepAt(Date.now())) }
    const passed = await call('POST', `${gateway.url}/api/v1/auth/login/second-factor`, { json })
    expect([passed.status, typeof passed.body.data?.access]).toEqual([200, 'string'])
    expect((await login(begun.email, elsewhere)).data.access).toEqual(expect.any(String))
  })

  it('seals nothing under a secret that is not the gateway’s', async () => {
    await write([aRow({ mfa_factors: [aFactor()] })])
    const other = { GUICHET_SECRET: 'another secret of quite enough characters' }
    const ending = await command.run(`users import ${file} --from supabase`, other)
    expect([ending.code, ending.stdout]).toEqual([1, ''])
    expect(ending.stderr).toContain('GUICHET_SECRET does not open')
    expect(await database.query('select 1 from users')).toEqual([])
  })

  it('takes the identities of a second file, and says whose are not there', async () => {
    const [ada, grace] = [aRow(), aRow({ identities: null })]
    const old = anIdentity(grace, { id: '1234567890', provider: 'github' })
    const { provider_id: _, ...beforeTheColumn } = old
    const nobodys = anIdentity({ id: crypto.randomUUID() })
    await write([ada, grace])
    await write([anIdentity(ada), beforeTheColumn, nobodys, { provider: 'x', user_id: 7 }], 'identities.json')
    const { added, skipped } = await done(' --identities identities.json')
    expect(added).toMatchObject([{ identities: ['google'] }, { identities: ['github'] }])
    expect(skipped.map(({ place }: { place: string }) => place)).toEqual(['identities[2]', 'identities[3]'])
    expect(await one('identities', 'user_id', grace.id)).toMatchObject({
      provider: 'github',
      provider_id: '1234567890',
    })
    expect((await done(' --identities identities.json')).added).toEqual([])
  })

  it('tells every faulty row with its place, and imports none, or the others where it is told to', async () => {
    const [good, first] = [aRow(), aRow({ phone: '33600000000' })]
    const identity = anIdentity(first)
    const rows = [
      good,
      { ...first, identities: [identity] },
      aRow({ email: 'no address' }),
      aRow({ email: first.email.toUpperCase() }),
      aRow({ phone: '0612' }),
      aRow({ phone: '+33 600000000' }),
      aRow({ encrypted_password: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=x$salt$digest' }),
      aRow({ identities: [{ ...identity, id: crypto.randomUUID() }] }),
      aRow({ created_at: 'yesterday' }),
      'a text',
      { email: 'x@example.com' },
    ]
    await write(rows)
    const wrong = await run()
    expect([wrong.code, wrong.stderr]).toEqual([1, 'guichet: Nothing was imported: 4 rows are faulty.\n'])
    const places = (faults: readonly { place: string }[]) => faults.map(({ place }) => place).sort()
    expect(places(wrong.json.faults)).toEqual(['[10].id', '[4].phone', '[8].created_at', '[9]'])

    await write(rows.filter((_, index) => ![4, 8, 9, 10].includes(index)))
    const clashing = await run(' --dry-run')
    expect(clashing.code).toBe(1)
    expect(places(clashing.json.faults)).toEqual([
      '[2].email',
      '[3].email',
      '[4].phone',
      '[5].encrypted_password',
      '[6].identities',
    ])
    expect(clashing.stdout).not.toContain('fbscrypt')
    expect(await database.query('select 1 from users')).toEqual([])

    await write(rows)
    const some = await done(' --skip-faulty')
    expect(some.added.map(({ id }: { id: string }) => id)).toEqual([good.id, first.id])
    expect(new Set(some.skipped.map(({ place }: { place: string }) => place.split('.')[0])).size).toBe(9)
    expect(await database.query('select 1 from users')).toHaveLength(2)
  })

  it('tells what somebody else here has already', async () => {
    const here = aRow({ phone: '33611111111' })
    await write([{ ...here, identities: [anIdentity(here)] }])
    await done()
    await write([
      aRow({ email: here.email }),
      aRow({ phone: '33611111111' }),
      { ...aRow(), identities: [anIdentity(here, { id: crypto.randomUUID() })] },
    ])
    const { code, json } = await run()
    expect([code, json.faults]).toEqual([
      1,
      [
        { place: '[0].email', problem: 'Somebody with another id has this address.' },
        { place: '[1].phone', problem: 'Somebody with another id has this number.' },
        { place: '[2].identities', problem: 'Somebody else has one of these identities.' },
      ],
    ])
  })

  const two = [{ id: crypto.randomUUID(), email: 'one@example.com' }, { id: crypto.randomUUID() }]
  const [first, second] = two.map((row) => JSON.stringify(row))
  it.each([
    ['an array', `\uFEFF[${first}, \n ${second}]`],
    ['what psql frames', ` json_agg \n----------\n [${first},          +\n  ${second}]\n(1 row)\n\n`],
    ['what the dashboard copies', `[{"json_agg":[${first},${second}]}]`],
    ['what the admin API answers', `{"users":[${first},${second}],"aud":"authenticated"}`],
    ['one object a line', `${first}\n\n${second}\n`],
  ])('reads %s', async (_, content) => {
    await write(content)
    expect((await done(' --dry-run')).added.map(({ id }: { id: string }) => id)).toEqual(
      two.map(({ id }) => id),
    )
  })

  it('reads times and metadata as tools write them that know no JSON', async () => {
    const row = aRow({
      created_at: '2023-04-05 06:00:00.123456+00',
      email_confirmed_at: '2023-04-05 08:00:00+02:00',
      raw_app_meta_data: '{"provider":"email"}',
      raw_user_meta_data: null,
    })
    await write([row])
    await done()
    expect(await one('users', 'id_user', row.id)).toMatchObject({
      created_at: new Date('2023-04-05T06:00:00.123Z'),
      email_confirmed_at: new Date('2023-04-05T06:00:00Z'),
      app_metadata: { provider: 'email' },
      metadata: {},
    })
  })

  it.each([
    ['no JSON', '[{"encrypted_password":"$2b$10$secret'],
    ['no rows', '{"rows":[]}'],
    ['empty', ''],
  ])('refuses a file that is %s, and shows nothing of it', async (_, content) => {
    await write(content)
    const ending = await run()
    expect(ending).toMatchObject({ code: 1, stdout: '' })
    expect(ending.stderr).toMatch(/^guichet: auth-users\.json is no export in UTF-8/)
    expect(ending.stderr).not.toContain('secret')
  })

  it('knows no other system, and no identities without one', async () => {
    expect((await command.run(`users import ${file} --from elsewhere`)).code).toBe(2)
    const ending = await command.run(`users import ${file} --identities identities.json`)
    expect(ending).toMatchObject({ code: 2, stderr: 'guichet: --identities goes with --from supabase.\n' })
  })

  it('takes thousands at once', async () => {
    const rows = Array.from({ length: 2500 }, () => aRow())
    await write(rows.map((row) => ({ ...row, identities: [anIdentity(row)] })))
    expect((await done()).added).toHaveLength(2500)
    expect(await database.query('select 1 from identities')).toHaveLength(2500)
    expect(await done()).toMatchObject({ added: [], known: { length: 2500 } })
  })
})
