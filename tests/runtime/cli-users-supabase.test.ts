import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../support/app-code.ts'
import { call } from '../support/call.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { claimsIn } from '../support/supabase.ts'
import { importBench } from '../support/supabase-import.ts'
import { aFactorRow, anIdentityRow, aUserRow, elsewhere } from '../support/supabase-rows.ts'

const bench = importBench()
const { write, run, done, one } = bench

let gateway: GatewayProcess
beforeAll(async () => {
  gateway = await startGatewayProcess(bench.settings)
})
afterAll(() => gateway.remove())

/** All that an import could touch. Of events only whether they are there: they are linked a while later. */
const everything = () =>
  Promise.all([
    ...['users', 'profiles', 'identities', 'factors'].map((table) =>
      bench.database.query(`select * from ${table} order by 1`),
    ),
    bench.database.query(`select id from audit_events where kind = 'user.import' order by 1`),
  ])

const login = async (identifier: string, password: string) => {
  const json = { identifier, password }
  const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/login`, { json })
  return { status, code: body.error?.code, data: body.data }
}

/** Signs in as an application of Supabase does. */
const signIn = (json: object) =>
  call('POST', `${gateway.url}/auth/v1/token?grant_type=password`, {
    json,
    headers: { 'X-Supabase-Api-Version': '2024-01-01' },
  })

describe('guichet users import --from supabase', { timeout: 60_000 }, () => {
  it('lets people sign in with their old password where they always have, and hashes it anew', async () => {
    const row = aUserRow()
    const identity = anIdentityRow(row)
    await write([{ ...row, identities: [identity] }])
    await done()
    const { email } = row
    const wrong = await signIn({ email, password: `${elsewhere}?` })
    expect([wrong.status, wrong.body.code]).toEqual([400, 'invalid_credentials'])
    const { status, body } = await signIn({ email, password: elsewhere })
    expect([status, typeof body.access_token, typeof body.refresh_token]).toEqual([200, 'string', 'string'])
    expect(body.user).toMatchObject({
      id: row.id,
      email,
      role: 'authenticated',
      email_confirmed_at: '2023-04-05T06:07:08.912Z',
      app_metadata: row.raw_app_meta_data,
      user_metadata: row.raw_user_meta_data,
      created_at: '2023-04-05T06:00:00.000Z',
      identities: [
        { provider: 'email', id: row.id, identity_data: { sub: row.id, email, email_verified: true } },
        {
          provider: 'google',
          identity_id: identity.id,
          id: identity.provider_id,
          identity_data: identity.identity_data,
        },
      ],
    })
    expect((await one('users', 'id_user', row.id))?.['password_hash']).toMatch(/^\$argon2id\$/)
    expect((await signIn({ email, password: elsewhere })).status).toBe(200)
  })

  it('keeps the id, the password, the metadata, the times and the identities', async () => {
    const row = aUserRow({ email: 'Ada@Example.com', banned_until: '2024-06-01T00:00:00+00:00' })
    const identity = anIdentityRow(row)
    await write([{ ...row, identities: [identity] }])
    const names = { id: row.id, email: 'ada@example.com', phone: null }
    const added = { ...names, password: 'bcrypt', identities: ['google'], factors: 0 }

    const before = await everything()
    expect(await done(' --dry-run')).toEqual({ dry_run: true, added: [added], known: [], skipped: [] })
    expect(await everything()).toEqual(before)

    expect(await done()).toEqual({ dry_run: false, added: [added], known: [], skipped: [] })
    expect(await one('users', 'id_user', row.id)).toMatchObject({
      email: 'ada@example.com',
      password_hash: row.encrypted_password,
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
    const byPhone = aUserRow({
      email: null,
      phone: '33612345678',
      phone_confirmed_at: '2024-01-01T00:00:00Z',
    })
    const anonymous = aUserRow({
      email: '',
      phone: '',
      encrypted_password: '',
      email_confirmed_at: null,
      is_anonymous: true,
      raw_app_meta_data: {},
      raw_user_meta_data: {},
    })
    const invited = aUserRow({
      encrypted_password: null,
      invited_at: '2025-01-01T00:00:00Z',
      email_confirmed_at: null,
    })
    const banned = aUserRow({ banned_until: '2099-01-01T00:00:00Z', role: 'editor' })
    const deleted = aUserRow({
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
    const kept = aFactorRow({ secret })
    const row = aUserRow({
      mfa_factors: [
        kept,
        aFactorRow({ factor_type: 'webauthn', secret: null }),
        aFactorRow({ secret: '{"key_id":"k","alg":"aes-gcm-hkdf","data":"…"}' }),
      ],
    })
    const begun = aUserRow({ mfa_factors: [aFactorRow({ status: 'unverified', friendly_name: '' })] })
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

    // A step later: no code counts twice, at whichever face.
    const { body: session } = await signIn({ email: row.email, password: elsewhere })
    const ask = async (path: string, body: object) =>
      call('POST', `${gateway.url}/auth/v1/factors/${kept.id}/${path}`, {
        token: session.access_token,
        json: body,
      })
    const asked = await ask('challenge', {})
    const code = appCodeAt(secret, stepAt(Date.now()) + 1)
    const raised = await ask('verify', { challenge_id: asked.body.id, code })
    const claims = claimsIn(raised.body.access_token)
    expect([raised.status, claims.aal, claims.sub]).toEqual([200, 'aal2', row.id])
  })

  it('seals nothing under a secret that is not the gateway’s', async () => {
    await write([aUserRow({ mfa_factors: [aFactorRow()] })])
    const other = { GUICHET_SECRET: 'another secret of quite enough characters' }
    const ending = await run('', other)
    expect([ending.code, ending.stdout]).toEqual([1, ''])
    expect(ending.stderr).toContain('GUICHET_SECRET does not open')
    expect(await bench.database.query('select 1 from users')).toEqual([])
  })

  it('takes the identities of a second file, and says whose are not there', async () => {
    const [ada, grace] = [aUserRow(), aUserRow({ identities: null })]
    const old = anIdentityRow(grace, { id: '1234567890', provider: 'github' })
    const { provider_id: _, ...beforeTheColumn } = old
    const nobodys = anIdentityRow({ id: crypto.randomUUID() })
    await write([ada, grace])
    await write(
      [anIdentityRow(ada), beforeTheColumn, nobodys, { provider: 'x', user_id: 7 }],
      'identities.json',
    )
    const { added, skipped } = await done(' --identities identities.json')
    expect(added).toMatchObject([{ identities: ['google'] }, { identities: ['github'] }])
    expect(skipped.map(({ place }: { place: string }) => place)).toEqual(['identities[2]', 'identities[3]'])
    expect(await one('identities', 'user_id', grace.id)).toMatchObject({
      provider: 'github',
      provider_id: '1234567890',
    })
    expect((await done(' --identities identities.json')).added).toEqual([])
  })
})
