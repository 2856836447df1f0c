import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importBench, importFileName } from '../support/supabase-import.ts'
import { aFactorRow, anIdentityRow, aUserRow } from '../support/supabase-rows.ts'

const bench = importBench()
const { write, run, done, one } = bench

// Each command is a process of its own, and some tests run several.
describe('an export of auth.users', { timeout: 60_000 }, () => {
  it('tells every faulty row with its place, and imports none, or the others where it is told to', async () => {
    const [good, first] = [aUserRow(), aUserRow({ phone: '33600000000' })]
    const identity = anIdentityRow(first)
    const rows = [
      good,
      { ...first, identities: [identity] },
      aUserRow({ email: 'no address' }),
      aUserRow({ email: first.email.toUpperCase() }),
      aUserRow({ phone: '0612' }),
      aUserRow({ phone: '+33 600000000' }),
      aUserRow({ encrypted_password: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=x$salt$digest' }),
      aUserRow({ identities: [{ ...identity, id: crypto.randomUUID() }] }),
      aUserRow({ created_at: 'yesterday' }),
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
    expect(await bench.database.query('select 1 from users')).toEqual([])

    await write(rows)
    const some = await done(' --skip-faulty')
    expect(some.added.map(({ id }: { id: string }) => id)).toEqual([good.id, first.id])
    expect(new Set(some.skipped.map(({ place }: { place: string }) => place.split('.')[0])).size).toBe(9)
    expect(await bench.database.query('select 1 from users')).toHaveLength(2)
  })

  it('tells what somebody else here has already', async () => {
    const here = aUserRow({ phone: '33611111111' })
    await write([{ ...here, identities: [anIdentityRow(here)] }])
    await done()
    await write([
      aUserRow({ email: here.email }),
      aUserRow({ phone: '33611111111' }),
      { ...aUserRow(), identities: [anIdentityRow(here, { id: crypto.randomUUID() })] },
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

  it('is what the query of the page writes, as it stands there', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/dialects/supabase.md'), 'utf8')
    const [, query = ''] = /-At -c "\n(.*?)" > auth-users\.json/s.exec(page) ?? []
    const user = aUserRow({ mfa_factors: undefined })
    const [identity, factor] = [anIdentityRow(user), aFactorRow({ user_id: user.id })]
    await bench.database.query(`create schema auth;
      create table auth.users (id uuid, email text, encrypted_password text, email_confirmed_at timestamptz,
        raw_user_meta_data jsonb, created_at timestamptz, confirmed_at timestamptz);
      create table auth.identities (id uuid, user_id uuid, provider text, provider_id text, identity_data jsonb);
      create table auth.mfa_factors (id uuid, user_id uuid, factor_type text, status text, secret text,
        created_at timestamptz)`)
    for (const [table, row] of [
      ['users', user],
      ['users', aUserRow()],
      ['identities', identity],
      ['mfa_factors', factor],
    ] as const) {
      const text = `insert into auth.${table} select * from json_populate_record(null::auth.${table}, $1)`
      await bench.database.query(text, [JSON.stringify(row)])
    }
    const [cell] = await bench.database.query(query)
    await write(cell?.['json_agg'])
    expect((await done()).added).toMatchObject([
      { id: user.id, email: user.email, password: 'bcrypt', identities: ['google'], factors: 1 },
      { password: 'bcrypt', identities: [], factors: 0 },
    ])
    expect(await one('users', 'id_user', user.id)).toMatchObject({
      email_confirmed_at: new Date('2023-04-05T06:07:08.912Z'),
      created_at: new Date('2023-04-05T06:00:00Z'),
    })
  })

  it('reads times and metadata as tools write them that know no JSON', async () => {
    const row = aUserRow({
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
    expect((await bench.command.run(`users import ${importFileName} --from elsewhere`)).code).toBe(2)
    const ending = await bench.command.run(`users import ${importFileName} --identities identities.json`)
    expect(ending).toMatchObject({ code: 2, stderr: 'guichet: --identities goes with --from supabase.\n' })
  })

  it('takes thousands at once', async () => {
    const rows = Array.from({ length: 2500 }, () => aUserRow())
    await write(rows.map((row) => ({ ...row, identities: [anIdentityRow(row)] })))
    expect((await done()).added).toHaveLength(2500)
    expect(await bench.database.query('select 1 from identities')).toHaveLength(2500)
    expect(await done()).toMatchObject({ added: [], known: { length: 2500 } })
  })
})
