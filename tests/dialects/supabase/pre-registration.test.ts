import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, supabaseGateway } from '../../support/one-time-mails.ts'
import { anAddress, mailedToken } from '../../support/people.ts'
import { serviceOf } from '../../support/service-keys.ts'
import { supabaseCall } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const ofStranger = 'the horse of a stranger'
const ofOwner = 'the horse of its owner'

let gateway: TestGateway
let lenient: TestGateway

beforeAll(async () => {
  gateway = await supabaseGateway()
  lenient = await createTestGateway({
    policy: {
      accounts: { ...testPolicy.accounts, emailConfirmation: 'optional' },
      mytone: { ...testPolicy.mytone, emailConfirmation: 'optional' },
      supabase: { ...testPolicy.supabase, autoconfirm: true },
    },
  })
})

afterAll(async () => {
  await gateway?.close()
  await lenient?.close()
})

let sites = 0
const ask = (path: string, json: object, at = gateway) => {
  at.comeFrom(`198.51.100.${++sites % 250}`)
  return supabaseCall(at, 'POST', path, { json })
}
const signIn = async (email: string, password: string, at = gateway) =>
  (await ask('/token?grant_type=password', { email, password }, at)).status

/** A stranger signs up with the address of somebody else, and cannot confirm it. */
async function preRegistered(): Promise<string> {
  const email = anAddress()
  expect((await ask('/signup', { email, password: ofStranger })).status).toBe(200)
  gateway.pass(60)
  return email
}

describe('an account that a stranger has begun with the address of its owner', () => {
  it('has no password once two were told for it, whoever came first', async () => {
    const email = await preRegistered()
    expect((await ask('/signup', { email, password: ofOwner })).status).toBe(200)
    const { hash } = await lastMessage(gateway, 'sign-up', email)
    expect((await ask('/verify', { type: 'signup', token_hash: hash })).status).toBe(200)
    expect(await signIn(email, ofStranger)).toBe(400)
    expect(await signIn(email, ofOwner)).toBe(400)
  })

  it('keeps the password of who signs up twice with the same', async () => {
    const email = await preRegistered()
    expect((await ask('/signup', { email, password: ofStranger })).status).toBe(200)
    const { hash } = await lastMessage(gateway, 'sign-up', email)
    expect((await ask('/verify', { type: 'signup', token_hash: hash })).status).toBe(200)
    expect(await signIn(email, ofStranger)).toBe(200)
  })

  it('loses the password when its owner comes in by a message, one that is sent once more too', async () => {
    const email = await preRegistered()
    expect((await ask('/otp', { email })).status).toBe(200)
    gateway.pass(60)
    expect((await ask('/resend', { type: 'signup', email })).status).toBe(200)
    const { code } = await lastMessage(gateway, 'sign-up', email)
    expect((await ask('/verify', { type: 'email', email, token: code })).status).toBe(200)
    expect(await signIn(email, ofStranger)).toBe(400)
  })

  it('is told to a stranger as a new one is, with nothing else of it', async () => {
    const service = await serviceOf(gateway)
    const admin = await service('POST', '/admin/users', {
      json: {
        email: anAddress(),
        phone: `336${String(Date.now()).slice(-8)}`,
        app_metadata: { plan: 'secret' },
        user_metadata: { name: 'Ada' },
        role: 'manager',
      },
    })
    expect(admin.status).toBe(200)
    gateway.pass(3600)
    const { body } = await ask('/signup', { email: admin.body.email, password: ofStranger, data: { a: 1 } })
    const fresh = await ask('/signup', { email: anAddress(), password: ofStranger, data: { a: 1 } })
    expect(Object.keys(body).sort()).toEqual(Object.keys(fresh.body).sort())
    expect(body).toMatchObject({
      id: admin.body.id,
      role: 'authenticated',
      phone: '',
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { a: 1 },
      identities: [{ provider: 'email', identity_data: { email: admin.body.email } }],
    })
    expect(Object.keys(body.identities[0].identity_data)).toEqual(
      Object.keys(fresh.body.identities[0].identity_data),
    )
    expect(new Date(body.created_at).getTime()).toBe(gateway.world.now().getTime())
    for (const secret of ['manager', 'secret', 'Ada', admin.body.phone]) {
      expect(JSON.stringify(body)).not.toContain(secret)
    }
  })

  it('loses the password when its owner recovers it, by a link of a client with a verifier too', async () => {
    const challenge = { code_challenge: 'x'.repeat(43), code_challenge_method: 'plain' }
    for (const flow of [{}, challenge]) {
      const email = await preRegistered()
      expect((await ask('/recover', { email, ...flow })).status).toBe(200)
      const { path } = await lastMessage(gateway, 'recovery', email)
      gateway.comeFrom(`198.51.100.${++sites % 250}`)
      expect((await gateway.call('GET', path)).status).toBe(303)
      expect(await signIn(email, ofStranger)).toBe(400)
    }
  })

  it('loses the sessions too that were opened where nobody is asked to confirm first', async () => {
    const email = anAddress()
    lenient.comeFrom(`198.51.100.${++sites % 250}`)
    const registered = await lenient.call('POST', '/auth/register', {
      json: {
        email,
        password: ofStranger,
        name: 'A',
        surname: 'B',
        username: `u${crypto.randomUUID().slice(0, 8)}`,
      },
    })
    expect(registered.status).toBe(201)
    const { access_token: token, refresh_token } = registered.body
    lenient.pass(60)
    expect((await ask('/otp', { email }, lenient)).status).toBe(200)
    const { hash } = await lastMessage(lenient, 'magic-link', email)
    const proven = await ask('/verify', { type: 'magiclink', token_hash: hash }, lenient)
    expect(proven.status).toBe(200)
    expect((await lenient.call('GET', '/auth/me', { token })).status).toBe(401)
    expect((await lenient.call('POST', '/auth/refresh', { json: { refresh_token } })).status).toBe(401)
    expect(await signIn(email, ofStranger, lenient)).toBe(400)
    const mine = await supabaseCall(lenient, 'GET', '/user', { token: proven.body.access_token })
    expect([mine.status, mine.body.email]).toEqual([200, email])
    const next = await ask(
      '/token?grant_type=refresh_token',
      { refresh_token: proven.body.refresh_token },
      lenient,
    )
    expect(next.status).toBe(200)
  })
  it('is not led away by a change of address that was asked for before', async () => {
    const email = anAddress()
    const theirs = anAddress()
    lenient.comeFrom(`198.51.100.${++sites % 250}`)
    const own = {
      email,
      password: ofStranger,
      name: 'A',
      surname: 'B',
      username: `v${crypto.randomUUID().slice(0, 8)}`,
    }
    const { access_token: token } = (await lenient.call('POST', '/auth/register', { json: own })).body
    const wish = { email: theirs, password: ofStranger }
    expect((await lenient.call('POST', '/api/v1/me/email', { token, json: wish })).status).toBe(202)
    const link = await mailedToken(lenient, 'email-change', theirs)
    expect((await ask('/otp', { email }, lenient)).status).toBe(200)
    const { hash } = await lastMessage(lenient, 'magic-link', email)
    expect((await ask('/verify', { type: 'magiclink', token_hash: hash }, lenient)).status).toBe(200)
    const led = await lenient.call('POST', '/api/v1/auth/email/change/confirm', { json: { token: link } })
    expect(led.status).toBe(401)
    expect((await lenient.world.store.findUserByEmail(email))?.user.emailConfirmedAt).toBeDefined()
  })
})
