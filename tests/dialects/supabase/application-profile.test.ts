import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAddress, aPassword } from '../../support/people.ts'
import { supabaseCall } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const data = { full_name: 'Grace Hopper', role: 'admin', app_role: 'admin' }

let gateway: TestGateway
let secretKey: string
beforeAll(async () => {
  gateway = await createTestGateway({
    policy: { supabase: { ...testPolicy.supabase, anonymous: true, sms: true } },
  })
  const token = await gateway.accessToken()
  const client = { name: 'programs', permissions: ['supabase:service_role'] }
  const made = await gateway.call('POST', '/api/v1/clients', { token, json: client })
  const key = await gateway.call('POST', `/api/v1/clients/${made.body.data.id}/keys`, {
    token,
    json: { name: 'a key' },
  })
  secretKey = key.body.data.api_key
})
afterAll(() => gateway.close())

/** The profile with the user, if one transaction has made both. */
const profileOf = async (id: string) => {
  const [row] = await gateway.database.query(
    `select profiles.name, profiles.role, profiles.xmin = users.xmin as together from profiles
      join users on id_user = id where id = $1`,
    [id],
  )
  return row
}
const call = (path: string, json: object, token?: string) =>
  supabaseCall(gateway, 'POST', path, { json, ...(token !== undefined && { token }) })

describe('the profile of the application, at the Supabase face', () => {
  it('is made with whoever signs up, called as they say and with no role that they ask for', async () => {
    const { status, body } = await call('/signup', { email: anAddress(), password: aPassword, data })
    expect(status).toBe(200)
    expect(await profileOf(body.user.id)).toMatchObject({ name: 'Grace Hopper', role: 'user' })
    const nameless = await call('/signup', { email: anAddress(), password: aPassword })
    expect(await profileOf(nameless.body.user.id)).toMatchObject({ name: null, role: 'user' })
  })

  it('is made with whoever does not say who they are, and with whoever asks for a link or a code', async () => {
    const anonymous = await call('/signup', { data })
    expect(await profileOf(anonymous.body.user.id)).toMatchObject({ role: 'user' })
    const email = anAddress()
    expect((await call('/otp', { email, data })).status).toBe(200)
    const found = await gateway.world.store.findUserByEmail(email)
    expect(await profileOf(found?.user.id ?? '')).toMatchObject({ name: 'Grace Hopper', role: 'user' })
    expect((await call('/otp', { phone: '33612345678', data })).status).toBe(200)
    const [byPhone] = await gateway.database.query(
      `select id_user from users where sign_in_phone = '33612345678'`,
    )
    expect(await profileOf(String(byPhone?.['id_user']))).toMatchObject({
      name: 'Grace Hopper',
      role: 'user',
    })
  })

  it.each([
    ['/admin/users', { user_metadata: data, role: 'editor', app_metadata: { role: 'admin' } }],
    ['/invite', { data }],
    ['/admin/generate_link', { type: 'invite', data }],
  ])('is made in the same transaction with whoever a program adds by POST %s', async (path, fields) => {
    const answer = await call(path, { email: anAddress(), ...fields }, secretKey)
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
    expect(await profileOf(answer.body.id)).toEqual({ name: 'Grace Hopper', role: 'user', together: true })
  })

  it('is gone when a program deletes the user for good', async () => {
    const { body } = await call('/admin/users', { email: anAddress(), user_metadata: data }, secretKey)
    const path = `/admin/users/${body.id}`
    expect((await supabaseCall(gateway, 'DELETE', path, { token: secretKey })).status).toBe(200)
    expect(await gateway.database.query(`select 1 from profiles where id = '${body.id}'`)).toEqual([])
  })
})
