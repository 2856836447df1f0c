import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAddress, aPerson, mailsOf, signedIn, withRole } from '../../support/people.ts'
import { quickPasswords } from '../../support/quick-passwords.ts'
import { type ServiceCall, serviceOf } from '../../support/service-keys.ts'
import { aSupabaseUser, claimsIn, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let service: ServiceCall

beforeAll(async () => {
  gateway = await createTestGateway()
  service = await serviceOf(gateway)
})
afterAll(() => gateway.close())

const add = async (json: object) => {
  const { status, body } = await service('POST', '/admin/users', { json })
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
  return body
}
const change = (id: string, json: object) => service('PUT', `/admin/users/${id}`, { json })
const show = (id: string) => service('GET', `/admin/users/${id}`)
const signIn = (json: object) => supabaseCall(gateway, 'POST', '/token?grant_type=password', { json })
const invalid = (message: unknown) => ({ code: 'validation_failed', message })
const nobody = '0b9e6c30-0000-4000-8000-000000000000'

describe('a program that adds a user', () => {
  it('sets all of them, mails nothing, and they sign in', async () => {
    const before = (await mailsOf(gateway)).length
    const email = anAddress()
    const id = '9F0E1D2C-3B4A-4958-8776-655443322110'
    const user = await add({
      id,
      email: email.toUpperCase(),
      phone: '+43 660 1234567',
      password: 'short6',
      email_confirm: true,
      phone_confirm: true,
      user_metadata: { name: 'Ada', nothing: null },
      app_metadata: { plan: 'pro' },
      role: 'editor',
    })
    expect(user).toMatchObject({
      id: id.toLowerCase(),
      email,
      phone: '436601234567',
      role: 'editor',
      user_metadata: { name: 'Ada', email_verified: true },
      app_metadata: { provider: 'email', providers: ['email', 'phone'], plan: 'pro' },
      is_anonymous: false,
    })
    expect(user.email_confirmed_at).toBe(user.created_at)
    expect(user.phone_confirmed_at).toBe(user.created_at)
    expect(user.user_metadata).not.toHaveProperty('nothing')
    expect((await show(user.id)).body).toEqual(user)
    expect((await mailsOf(gateway)).length).toBe(before)
    const session = await supabaseSession(gateway, { email, password: 'short6' })
    expect(claimsIn(session.access_token)).toMatchObject({ role: 'editor', app_metadata: { plan: 'pro' } })
    const rows = await gateway.database.query(`select name, role from profiles where id = '${user.id}'`)
    expect(rows).toEqual([{ name: 'Ada', role: 'user' }])
  })

  it('leaves metadata exactly as sent, and the address unconfirmed, where it does not vouch for it', async () => {
    const user = await add({ email: anAddress(), user_metadata: { a: 1 } })
    expect(user.user_metadata).toEqual({ a: 1 })
    expect(user).not.toHaveProperty('email_confirmed_at')
  })

  it('brings a hash of another system, which is then the password', async () => {
    const email = anAddress()
    const password_hash = await quickPasswords.hash('from elsewhere')
    await add({ email, password_hash, email_confirm: true })
    expect((await signIn({ email, password: 'from elsewhere' })).status).toBe(200)
    expect((await signIn({ email, password: 'another' })).body.code).toBe('invalid_credentials')
  })

  it('is told what is another’s', async () => {
    const { email } = await add({ email: anAddress(), phone: '436609999999' })
    const asked = async (json: object) => {
      const { status, body } = await service('POST', '/admin/users', { json })
      return [status, body.code]
    }
    const { id } = await aSupabaseUser(gateway)
    expect(await asked({ email: email.toUpperCase() })).toEqual([422, 'email_exists'])
    expect(await asked({ phone: '+436609999999' })).toEqual([422, 'phone_exists'])
    expect(await asked({ id, email: anAddress() })).toEqual([422, 'user_already_exists'])
  })

  it.each([
    [{}, 'Cannot create a user without either an email or phone'],
    [{ email: '', phone: '' }, 'Cannot create a user without either an email or phone'],
    [{ email: 'nobody' }, 'Unable to validate email address: invalid format'],
    [{ phone: '0660' }, 'Invalid phone number format (E.164 required)'],
    [{ email: 'a@example.com', password: 'é'.repeat(37) }, 'Password cannot be longer than 72 characters'],
    [
      { email: 'a@example.com', password_hash: '$md5$x' },
      expect.stringMatching(/^Password hash cannot be used/),
    ],
    [
      { email: 'a@example.com', password: 'x', password_hash: 'y' },
      expect.stringMatching(/^Only a password/),
    ],
    [{ email: 'a@example.com', id: 'one' }, 'ID must conform to the uuid format'],
    [
      { email: 'a@example.com', ban_duration: 'forever' },
      expect.stringMatching(/^invalid format for ban duration/),
    ],
    [{ email: 'a@example.com', role: 'a b' }, expect.stringMatching(/^role/)],
    [{ email: 'a@example.com', user_metadata: { a: '\0' } }, expect.stringMatching(/^user_metadata/)],
    [{ email: 'a@example.com', app_metadata: [] }, expect.stringMatching(/^app_metadata/)],
    [{ email: 'a@example.com', email_confirm: 'yes' }, expect.stringMatching(/^email_confirm/)],
  ])('is refused what is not as it must be: %j', async (json, message) => {
    const { status, body } = await service('POST', '/admin/users', { json })
    expect([status, body]).toEqual([400, invalid(message)])
  })

  it('is refused what is no JSON', async () => {
    const { text } = await service('POST', '/admin/users', { form: '{' })
    expect(text).toContain('validation_failed')
    expect((await service('POST', '/admin/users')).body.code).toBe('bad_json')
  })
})

describe('a program that changes a user', () => {
  it('changes the address at once, voids what was mailed to the one of before, and keeps what it leaves out', async () => {
    const ada = await aSupabaseUser(gateway, { metadata: { keep: 1 } })
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const [mail] = (await mailsOf(gateway)).filter(({ to }) => to === ada.email)
    const email = anAddress()
    const { body } = await change(ada.id, { email })
    expect(body).toMatchObject({ id: ada.id, email, user_metadata: { keep: 1 } })
    expect(body.email_confirmed_at).toBeDefined()
    expect((await signIn({ email, password: ada.password })).status).toBe(200)
    const reset = { token: mail?.facts.token, password: 'a password of the old mailbox' }
    expect((await gateway.call('POST', '/api/v1/auth/password/reset', { json: reset })).body.error.code).toBe(
      'invalid_link',
    )
  })

  it('merges metadata, and takes out what is null', async () => {
    const { id } = await add({
      email: anAddress(),
      user_metadata: { a: 1, b: 2 },
      app_metadata: { x: 1, y: 2 },
    })
    const { body } = await change(id, { user_metadata: { b: null, c: 3 }, app_metadata: { y: null, z: [1] } })
    expect(body.user_metadata).toEqual({ a: 1, c: 3 })
    expect(body.app_metadata).toEqual({ provider: 'email', providers: ['email'], x: 1, z: [1] })
  })

  it('loses nothing of what several note at once', async () => {
    const { id } = await add({ email: anAddress() })
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(
      names.map((name) => change(id, { user_metadata: { [name]: 1 }, app_metadata: { [name]: 1 } })),
    )
    const { body } = await show(id)
    expect(Object.keys(body.user_metadata).toSorted()).toEqual(names)
    expect(body.app_metadata).toMatchObject({ a: 1, b: 1, c: 1, d: 1, e: 1 })
  })

  it('is refused more metadata than is kept, in one call or by and by', async () => {
    const { id } = await add({ email: anAddress() })
    const half = 'x'.repeat(9000)
    expect((await change(id, { user_metadata: { a: half } })).status).toBe(200)
    expect((await change(id, { user_metadata: { b: half } })).body.code).toBe('validation_failed')
    expect((await change(id, { app_metadata: { a: half, b: half } })).body.code).toBe('validation_failed')
  })

  it('sets another password, which ends all sessions', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, ada)
    expect((await change(ada.id, { password: 'set by a program' })).status).toBe(200)
    expect((await supabaseCall(gateway, 'GET', '/user', { token })).body.code).toBe('session_not_found')
    expect((await signIn({ email: ada.email, password: ada.password })).status).toBe(400)
    expect((await signIn({ email: ada.email, password: 'set by a program' })).status).toBe(200)
  })

  it('bans and unbans, and a ban ends by itself', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, ada)
    const { body } = await change(ada.id, { ban_duration: '1h30m' })
    expect(Date.parse(body.banned_until)).toBe(gateway.world.now().getTime() + 5400_000)
    expect((await supabaseCall(gateway, 'GET', '/user', { token })).body.code).toBe('user_banned')
    expect((await signIn(ada)).body.code).toBe('user_banned')
    const unbanned = await change(ada.id, { ban_duration: 'none' })
    expect(unbanned.body).not.toHaveProperty('banned_until')
    expect((await supabaseCall(gateway, 'GET', '/user', { token })).status).toBe(200)
    await change(ada.id, { ban_duration: '60s' })
    gateway.pass(59)
    expect((await signIn(ada)).body.code).toBe('user_banned')
    gateway.pass(1)
    expect((await signIn(ada)).status).toBe(200)
  })

  it('confirms an address and a number, once', async () => {
    const { id } = await add({ email: anAddress(), phone: '436601111111' })
    const { body } = await change(id, { email_confirm: true, phone_confirm: true })
    expect(body.user_metadata).toEqual({ email_verified: true })
    gateway.pass(1)
    const again = await change(id, { email_confirm: true })
    expect(again.body.email_confirmed_at).toBe(body.email_confirmed_at)
    expect(again.body.phone_confirmed_at).toBe(body.phone_confirmed_at)
  })

  it('makes somebody of who had not said who they are', async () => {
    const { id } = await aSupabaseUser(gateway, { isAnonymous: true })
    expect((await change(id, { email: anAddress() })).body.is_anonymous).toBe(false)
  })

  it('is told what is another’s, and nothing was changed', async () => {
    const { email } = await add({ email: anAddress(), phone: '436602222222' })
    const { id, ...before } = await add({ email: anAddress() })
    const taken = await change(id, { email, user_metadata: { changed: true } })
    expect([taken.status, taken.body.code]).toEqual([422, 'email_exists'])
    const phone = await change(id, { phone: '436602222222' })
    expect([phone.status, phone.body.code]).toEqual([422, 'phone_exists'])
    expect((await show(id)).body).toMatchObject(before)
  })

  it('is refused an address that somebody may still take back', async () => {
    const ada = await aPerson(gateway)
    const { access } = await signedIn(gateway, ada)
    const to = anAddress()
    const json = { email: to, password: ada.password }
    const asked = await gateway.call('POST', '/api/v1/me/email', { token: access, json })
    expect([asked.status, asked.text]).toEqual([202, expect.anything()])
    const mail = (await mailsOf(gateway)).findLast((one) => one.kind === 'email-change' && one.to === to)
    const confirm = { json: { token: mail?.facts.token } }
    expect((await gateway.call('POST', '/api/v1/auth/email/change/confirm', confirm)).status).toBe(200)
    const { id } = await add({ email: anAddress() })
    expect((await change(id, { email: ada.email })).body.code).toBe('email_exists')
  })

  it('cannot touch whoever may do more than it: no key is a way to be an administrator', async () => {
    const admin = await aPerson(gateway)
    await withRole(gateway, admin, ['*'])
    const refused = [
      await change(admin.id, { password: 'taken over' }),
      await change(admin.id, { email: anAddress() }),
      await service('DELETE', `/admin/users/${admin.id}`, { json: {} }),
      await service('POST', '/admin/generate_link', { json: { type: 'recovery', email: admin.email } }),
      await service('POST', '/admin/generate_link', { json: { type: 'magiclink', email: admin.email } }),
    ]
    for (const { status, body } of refused) expect([status, body.code]).toEqual([403, 'not_admin'])
    expect((await signIn(admin)).status).toBe(200)
  })

  it('rules over ordinary people whatever their role permits', async () => {
    const [role] = await gateway.database.query(`select permissions from role where name = 'user'`)
    await gateway.database.query(`update role set permissions = '["orders:read"]' where name = 'user'`)
    const { id } = await add({ email: anAddress() })
    expect((await change(id, { user_metadata: { a: 1 } })).status).toBe(200)
    await gateway.database.query(
      `update role set permissions = '${JSON.stringify(role?.['permissions'])}' where name = 'user'`,
    )
  })
})

describe('a program that looks for users', () => {
  it('gets a page of them, newest first, with how many there are and where the others are', async () => {
    const mark = `marked${crypto.randomUUID().slice(0, 8)}`
    const ids: string[] = []
    for (let index = 0; index < 5; index++) {
      gateway.pass(1)
      ids.unshift((await add({ email: `${mark}.${index}@example.com` })).id)
    }
    const page = async (query: string) => {
      const { status, body, headers } = await service(
        'GET',
        `/admin/users?filter=${mark.toUpperCase()}&${query}`,
      )
      expect(status).toBe(200)
      expect(body.aud).toBe('authenticated')
      const shown = body.users.map(({ id }: { readonly id: string }) => id)
      return [shown, headers.get('x-total-count'), headers.get('link')]
    }
    const last = '</admin/users?page=3&per_page=2>; rel="last"'
    expect(await page('page=&per_page=')).toEqual([ids, '5', '</admin/users?page=1&per_page=50>; rel="last"'])
    expect(await page('page=1&per_page=2')).toEqual([
      ids.slice(0, 2),
      '5',
      `</admin/users?page=2&per_page=2>; rel="next", ${last}`,
    ])
    expect(await page('page=3&per_page=2')).toEqual([ids.slice(4), '5', last])
    expect(await page('page=9&per_page=2')).toEqual([[], '5', last])
    expect(await page('sort=created_at%20asc')).toEqual([ids.toReversed(), '5', expect.anything()])
    expect(await page('page=99999999999999999999'.slice(0, 24))).toEqual([[], '5', expect.anything()])
  })

  it('sees each as they are shown everywhere', async () => {
    const { id, email } = await add({ email: anAddress() })
    const { body } = await service('GET', `/admin/users?filter=${encodeURIComponent(email)}`)
    expect(body.users).toEqual([(await show(id)).body])
  })

  it.each(['%', '_', "'", '%00', '%F0%9F%98%80', '\\'])(
    'takes a filter for what it is: %s',
    async (filter) => {
      const { status, body } = await service('GET', `/admin/users?filter=${filter === '%' ? '%25' : filter}`)
      expect([
        status,
        body.users.filter(({ email }: { readonly email: string }) => email.includes('@')),
      ]).toEqual([200, []])
    },
  )

  it.each(['page=-1', 'per_page=x', 'page=1.5', 'page=1e3'])(
    'is refused a page that is none: %s',
    async (query) => {
      const { status, body } = await service('GET', `/admin/users?${query}`)
      expect([status, body]).toEqual([400, invalid(expect.stringMatching(/^Bad Pagination Parameters: /))])
    },
  )

  it('is refused a sort of another kind', async () => {
    const { status, body } = await service('GET', '/admin/users?sort=email')
    expect([status, body]).toEqual([400, invalid(expect.stringMatching(/^Bad Sort Parameters: /))])
  })

  it.each(['GET', 'PUT', 'DELETE'])('is told of what is no id, and of nobody: %s', async (method) => {
    const json = method === 'GET' ? {} : { json: {} }
    const bad = await service(method, '/admin/users/one', json)
    expect([bad.status, bad.body]).toEqual([404, invalid('user_id must be an UUID')])
    const none = await service(method, `/admin/users/${nobody}`, json)
    expect([none.status, none.body]).toEqual([404, { code: 'user_not_found', message: 'User not found' }])
  })
})

describe('a program that deletes a user', () => {
  it('leaves nothing of them, at once, and their address is free', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token, refresh_token } = await supabaseSession(gateway, ada)
    const { status, body } = await service('DELETE', `/admin/users/${ada.id}`)
    expect([status, body]).toEqual([200, {}])
    expect((await show(ada.id)).body.code).toBe('user_not_found')
    expect((await supabaseCall(gateway, 'GET', '/user', { token })).body.code).toBe('user_not_found')
    const refresh = await supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', {
      json: { refresh_token },
    })
    expect(refresh.body.code).toBe('refresh_token_not_found')
    expect((await service('DELETE', `/admin/users/${ada.id}`)).status).toBe(404)
    const rows = await gateway.database.query(
      `select email, erased_at is not null as erased from users where id_user = '${ada.id}'`,
    )
    expect(rows).toEqual([{ email: `erased:${ada.id}`, erased: true }])
    expect((await add({ email: ada.email })).email).toBe(ada.email)
    const told = await gateway.database.query(
      `select kind from audit_events where target = '${ada.id}' order by kind`,
    )
    expect(told.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['user.delete', 'user.erase']))
  })

  it('can keep them for a while but for the address, which is free, and end them later', async () => {
    const ada = await aSupabaseUser(gateway, { metadata: { kept: true } })
    const softly = { json: { should_soft_delete: true } }
    expect((await service('DELETE', `/admin/users/${ada.id}`, softly)).body).toEqual({})
    expect((await show(ada.id)).body).toMatchObject({
      email: '',
      user_metadata: { kept: true },
      deleted_at: expect.anything(),
    })
    expect((await signIn(ada)).body.code).toBe('invalid_credentials')
    expect((await change(ada.id, { user_metadata: { a: 1 } })).status).toBe(409)
    expect((await service('DELETE', `/admin/users/${ada.id}`, softly)).status).toBe(200)
    expect((await add({ email: ada.email })).id).not.toBe(ada.id)
    expect((await service('DELETE', `/admin/users/${ada.id}`)).status).toBe(200)
    expect((await show(ada.id)).status).toBe(404)
  })

  it('does it once, of several at the same time', async () => {
    const ada = await aSupabaseUser(gateway)
    const answers = await Promise.all([1, 2, 3].map(() => service('DELETE', `/admin/users/${ada.id}`)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404])
  })
})

describe('what is not here', () => {
  it.each([
    ['GET', '/admin/oauth/clients'],
    ['POST', '/admin/oauth/clients'],
    ['GET', `/admin/oauth/clients/${nobody}`],
    ['PUT', `/admin/oauth/clients/${nobody}`],
    ['DELETE', `/admin/oauth/clients/${nobody}`],
    ['POST', `/admin/oauth/clients/${nobody}/regenerate_secret`],
  ])('says so: %s %s', async (method, path) => {
    const { status, body } = await service(method, path)
    expect([status, body]).toEqual([404, { code: 'feature_disabled', message: 'OAuth server is disabled' }])
  })
})
