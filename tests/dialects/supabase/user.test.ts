import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OneTimeTokenPurpose } from '../../../src/core/accounts/one-time-token.ts'
import { mintOneTimeToken } from '../../../src/core/accounts/one-time-token-text.ts'
import { aPerson, signedIn } from '../../support/people.ts'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
const shown = async (token: string) => (await supabaseCall(gateway, 'GET', '/user', { token })).body

describe('the user object', () => {
  it('has what clients read, and nothing that is not there', async () => {
    const ada = await aSupabaseUser(gateway, { metadata: { team: 'engines' } })
    const { access_token: token, user } = await supabaseSession(gateway, ada)
    expect(await shown(token)).toEqual(user)
    expect(user).toEqual({
      id: ada.id,
      aud: 'authenticated',
      role: 'authenticated',
      email: ada.email,
      email_confirmed_at: time,
      phone: '',
      confirmed_at: time,
      last_sign_in_at: time,
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { team: 'engines' },
      identities: [
        {
          identity_id: uuid,
          id: ada.id,
          user_id: ada.id,
          identity_data: { sub: ada.id, email: ada.email, email_verified: true, phone_verified: false },
          provider: 'email',
          last_sign_in_at: time,
          created_at: time,
          updated_at: time,
          email: ada.email,
        },
      ],
      created_at: time,
      updated_at: time,
      is_anonymous: false,
    })
  })

  it('is the same of somebody who registered at another face', async () => {
    const grace = await aPerson(gateway, { metadata: { theme: 'dark' } })
    const { user } = await supabaseSession(gateway, grace)
    expect(user).toMatchObject({ id: grace.id, email: grace.email, user_metadata: { theme: 'dark' } })
    const { access } = await signedIn(gateway, grace)
    expect((await shown(access)).id).toBe(grace.id)
  })

  it('keeps the identities that were imported, and derives only those that are not', async () => {
    const ada = await aSupabaseUser(gateway, { signInPhone: '33612345678' })
    await gateway.database.query(`insert into identities (id, user_id, provider, provider_id, data, created_at, updated_at)
      values ('9b2f6f0e-3a51-4f0e-9f3e-00000000000a', '${ada.id}', 'google', 'g-1', '{"email":"ada@gmail.test"}', now(), now()),
        ('9b2f6f0e-3a51-4f0e-9f3e-00000000000b', '${ada.id}', 'email', '${ada.id}', '{"kept":true}', now(), now())`)
    const { identities } = (await supabaseSession(gateway, ada)).user
    const known = identities.map((one: { provider: string; id: string }) => `${one.provider} ${one.id}`)
    expect(known.sort()).toEqual([`email ${ada.id}`, 'google g-1', `phone ${ada.id}`])
    const google = identities.find((one: { provider: string }) => one.provider === 'google')
    expect(google).toMatchObject({ email: 'ada@gmail.test', identity_data: { email: 'ada@gmail.test' } })
  })

  it('tells when links were sent, and of a change that is under way where to', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, ada)
    const send = async (purpose: OneTimeTokenPurpose, to: { email?: string; phone?: string } = {}) => {
      const order = { userId: ada.id, purpose, email: to.email, phone: to.phone, ttlSeconds: 600 }
      const made = mintOneTimeToken(gateway.world, order, gateway.world.now())
      await gateway.world.store.insertOneTimeToken(made.token, {})
    }
    await send('recovery')
    await send('reauthentication')
    await send('supabase-email-change', { email: 'new@example.com' })
    await send('phone-change', { phone: '33698765432' })
    const user = await shown(token)
    expect(user).toMatchObject({
      recovery_sent_at: time,
      reauthentication_sent_at: time,
      new_email: 'new@example.com',
      email_change_sent_at: time,
      new_phone: '33698765432',
      phone_change_sent_at: time,
    })
    expect(user).not.toHaveProperty('confirmation_sent_at')
    gateway.pass(601)
    const later = await shown(token)
    expect(later).not.toHaveProperty('new_email')
    expect(later).not.toHaveProperty('new_phone')
    expect(later).toHaveProperty('recovery_sent_at')
  })

  it('is nobody of a machine, and gone with the user', async () => {
    const machine = await supabaseCall(gateway, 'GET', '/user', { token: await gateway.accessToken() })
    expect([machine.status, machine.body.code]).toEqual([403, 'bad_jwt'])
    const ada = await aSupabaseUser(gateway)
    const { access } = await signedIn(gateway, ada)
    const { access_token: token } = await supabaseSession(gateway, ada)
    const json = { password: ada.password }
    expect((await gateway.call('DELETE', '/api/v1/me', { token: access, json })).status).toBe(200)
    const asked = await supabaseCall(gateway, 'GET', '/user', { token })
    expect([asked.status, asked.body.code]).toEqual([403, 'user_not_found'])
  })
})

describe('a profile row', () => {
  const profileOf = async (id: string) =>
    (await gateway.database.query(`select name, role from profiles where id = '${id}'`))[0]

  it('is made with the user at the native face, by registering and by an administrator', async () => {
    const ada = await aPerson(gateway, { name: 'Ada' })
    expect(await profileOf(ada.id)).toEqual({ name: 'Ada', role: 'user' })
    const json = { email: 'grace@example.com', name: 'Grace' }
    const token = await gateway.accessToken()
    const { body } = await gateway.call('POST', '/api/v1/users', { token, json })
    expect(await profileOf(body.data.id)).toEqual({ name: 'Grace', role: 'user' })
  })

  it('is called as the client says beside, and has no role that a user gave', async () => {
    const metadata = { full_name: 'Ada Lovelace', role: 'admin' }
    const ada = await aSupabaseUser(gateway, { metadata })
    expect(await profileOf(ada.id)).toEqual({ name: 'Ada Lovelace', role: 'user' })
  })
})
