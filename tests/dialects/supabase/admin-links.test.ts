import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMailedCode } from '../../../src/core/accounts/mailed-code.ts'
import type { OneTimeTokenPurpose } from '../../../src/core/accounts/one-time-token.ts'
import { findOneTimeToken } from '../../../src/core/accounts/one-time-token-text.ts'
import { anAddress, aPerson, mailsOf } from '../../support/people.ts'
import { type ServiceCall, serviceOf } from '../../support/service-keys.ts'
import { aSupabaseUser, supabaseCall } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway
let service: ServiceCall

beforeAll(async () => {
  const supabase = { ...testPolicy.supabase, redirectUrls: ['https://app.example/**'] }
  gateway = await createTestGateway({ policy: { supabase } })
  service = await serviceOf(gateway)
})
afterAll(() => gateway.close())

const ask = (json: object, query = '') => service('POST', `/admin/generate_link${query}`, { json })
const link = async (json: object) => {
  const { status, body } = await ask(json)
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
  return body
}
const tokenOf = (hash: string, purpose: OneTimeTokenPurpose) =>
  findOneTimeToken(gateway.world, hash, { purpose, now: gateway.world.now() })
const anUnconfirmed = () => aSupabaseUser(gateway, { emailConfirmedAt: undefined })

describe('a link that a program asks for', () => {
  it('comes with the user, the code and the token, and is mailed to nobody', async () => {
    const ada = await aSupabaseUser(gateway)
    const before = (await mailsOf(gateway)).length
    const made = await link({ type: 'recovery', email: ada.email })
    expect(made).toMatchObject({
      id: ada.id,
      email: ada.email,
      verification_type: 'recovery',
      redirect_to: 'https://site.test',
      recovery_sent_at: expect.anything(),
    })
    expect(made.action_link).toBe(
      `https://gateway.test/auth/v1/verify?token=${made.hashed_token}&type=recovery&redirect_to=https://site.test`,
    )
    expect(made.email_otp).toMatch(/^\d{6}$/)
    const token = await tokenOf(made.hashed_token, 'recovery')
    expect(token).toMatchObject({ userId: ada.id, email: ada.email, attemptsLeft: 5 })
    const code = { forId: token?.id ?? '', code: made.email_otp, digest: token?.codeDigest ?? '' }
    expect(isMailedCode(gateway.world, code)).toBe(true)
    expect((await mailsOf(gateway)).length).toBe(before)
  })

  it('voids the one of before', async () => {
    const { email } = await aSupabaseUser(gateway)
    const first = await link({ type: 'magiclink', email })
    const second = await link({ type: 'magiclink', email })
    expect(await tokenOf(first.hashed_token, 'magic-link')).toBeUndefined()
    expect(await tokenOf(second.hashed_token, 'magic-link')).toBeDefined()
  })

  it('leads on to where the operator allows it, whichever way it is asked, and else to the site', async () => {
    const { email } = await aSupabaseUser(gateway)
    const to = 'https://app.example/welcome?a=1&b=2'
    const json = { type: 'magiclink', email }
    const answers = [
      await ask(json, `?redirect_to=${encodeURIComponent(to)}`),
      await ask({ ...json, redirect_to: to }),
      await service('POST', '/admin/generate_link', { json, headers: { redirect_to: to } }),
    ]
    for (const { body } of answers) {
      expect(body.redirect_to).toBe(to)
      expect(new URL(body.action_link).searchParams.get('redirect_to')).toBe(to)
    }
    const elsewhere = await ask({ ...json, redirect_to: 'https://evil.example/' })
    expect(elsewhere.body.redirect_to).toBe('https://site.test')
  })

  it('adds whom it is to bring in, with password and data, unconfirmed', async () => {
    const email = anAddress()
    const made = await link({ type: 'signup', email, password: 'short6', data: { name: 'Ada' } })
    expect(made).toMatchObject({ email, verification_type: 'signup', user_metadata: { name: 'Ada' } })
    expect(made).not.toHaveProperty('email_confirmed_at')
    expect(await tokenOf(made.hashed_token, 'sign-up')).toMatchObject({ userId: made.id })
    // Asked again it is for the same one, whose password stays.
    const again = await link({ type: 'signup', email, password: 'another', data: { name: 'Eve', more: 1 } })
    expect(again).toMatchObject({ id: made.id, user_metadata: { name: 'Eve', more: 1 } })
    const { user } = (await gateway.world.store.findUserByEmail(email)) ?? {}
    expect(await gateway.world.passwords.verify('short6', user?.passwordHash)).toBe(true)
  })

  it('signs up whoever is to be sent a magic link and is not known', async () => {
    const made = await link({ type: 'magiclink', email: anAddress() })
    expect(made.verification_type).toBe('signup')
    expect(new URL(made.action_link).searchParams.get('type')).toBe('signup')
    expect(await tokenOf(made.hashed_token, 'sign-up')).toBeDefined()
  })

  it('invites, also whoever has begun and not confirmed', async () => {
    const fresh = await link({ type: 'invite', email: anAddress(), data: { team: 'engines' } })
    expect(fresh).toMatchObject({ verification_type: 'invite', user_metadata: { team: 'engines' } })
    expect(fresh.invited_at).toBeDefined()
    const known = await anUnconfirmed()
    const again = await link({ type: 'invite', email: known.email })
    expect(again).toMatchObject({ id: known.id, invited_at: expect.anything() })
  })

  it.each([
    [{ type: 'signup', password: 'short6' }, 422, 'email_exists'],
    [{ type: 'invite' }, 422, 'email_exists'],
  ])('is refused for whoever has confirmed their address: %j', async (json, status, code) => {
    const { email } = await aSupabaseUser(gateway)
    const refused = await ask({ ...json, email })
    expect([refused.status, refused.body.code]).toEqual([status, code])
  })

  it.each(['recovery', 'email_change_current', 'email_change_new'])(
    'is refused for nobody: %s',
    async (type) => {
      const { status, body } = await ask({ type, email: anAddress(), new_email: anAddress() })
      expect([status, body.code]).toEqual([404, 'user_not_found'])
    },
  )

  it.each([
    [{ type: 'x', email: 'a@example.com' }, 'Invalid email action link type requested'],
    [{ email: 'a@example.com' }, 'Invalid email action link type requested'],
    [{ type: 'constructor', email: 'a@example.com' }, 'Invalid email action link type requested'],
    [{ type: 'signup', email: 'a@example.com' }, 'Signup requires a valid password'],
    [{ type: 'recovery', email: 'nobody' }, 'Unable to validate email address: invalid format'],
    [{ type: 'recovery' }, 'Unable to validate email address: invalid format'],
  ])('is refused for what is not as it must be: %j', async (json, message) => {
    const { status, body } = await ask(json)
    expect([status, body]).toEqual([400, { code: 'validation_failed', message }])
  })

  it('is refused for an account that an administrator deleted, which keeps its address', async () => {
    const ada = await aSupabaseUser(gateway)
    await gateway.call('DELETE', `/api/v1/users/${ada.id}`, { token: await gateway.accessToken() })
    expect((await ask({ type: 'recovery', email: ada.email })).body.code).toBe('user_not_found')
    expect((await ask({ type: 'invite', email: ada.email })).body.code).toBe('email_exists')
  })

  it('is one of several that are asked for at once, and the others are void', async () => {
    const email = anAddress()
    const made = await Promise.all([1, 2, 3].map(() => link({ type: 'invite', email })))
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
    const alive = await Promise.all(made.map(({ hashed_token }) => tokenOf(hashed_token, 'supabase-invite')))
    expect(alive.filter((token) => token !== undefined)).toHaveLength(1)
  })

  it('is told in the audit log, without itself', async () => {
    const ada = await aSupabaseUser(gateway)
    const made = await link({ type: 'recovery', email: ada.email })
    const token = await gateway.accessToken()
    const { body, text } = await gateway.call('GET', '/api/v1/audit?kind=user.link&limit=1', { token })
    expect(body.data.items).toMatchObject([{ target: ada.id, details: { purpose: 'recovery' } }])
    expect(text).not.toContain(made.hashed_token)
    expect(text).not.toContain(made.email_otp)
  })
})

const verify = (json: object) => supabaseCall(gateway, 'POST', '/verify', { json })

describe('what was made for somebody', () => {
  it.each([
    ['recovery', 'recovery'],
    ['magiclink', 'magiclink'],
    ['magiclink', 'email'],
  ])('signs them in once, by the token or by the code: %s as %s', async (type, as) => {
    const { email, id } = await aSupabaseUser(gateway)
    const { hashed_token } = await link({ type, email })
    const byToken = await verify({ type: as, token_hash: hashed_token })
    expect([byToken.status, byToken.body.user?.id]).toEqual([200, id])
    expect((await verify({ type: as, token_hash: hashed_token })).body.code).toBe('otp_expired')
    const { email_otp: token } = await link({ type, email })
    const byCode = await verify({ type: as, email, token })
    expect([byCode.status, byCode.body.user?.id]).toEqual([200, id])
  })

  it('confirms the address of whoever it brings in', async () => {
    for (const type of ['signup', 'invite']) {
      const email = anAddress()
      const { hashed_token } = await link({ type, email, password: 'short6' })
      const { status, body } = await verify({ type, token_hash: hashed_token })
      expect([type, status]).toEqual([type, 200])
      expect(body.user).toMatchObject({ email, email_confirmed_at: expect.anything() })
    }
  })

  it('leads on with a session when it is followed', async () => {
    const { email } = await aSupabaseUser(gateway)
    const { action_link } = await link({ type: 'magiclink', email })
    const { pathname, search } = new URL(action_link)
    const { status, headers } = await gateway.call('GET', pathname + search)
    expect(status).toBe(303)
    expect(headers.get('location')).toMatch(/^https:\/\/site\.test\/?#access_token=/)
  })

  it('changes the address when both mailboxes have agreed, in either order', async () => {
    for (const first of ['email_change_current', 'email_change_new']) {
      const ada = await aSupabaseUser(gateway)
      const asked = { email: ada.email, new_email: anAddress() }
      const links = [
        await link({ type: 'email_change_current', ...asked }),
        await link({ type: 'email_change_new', ...asked }),
      ].toSorted((one) => (one.verification_type === first ? -1 : 1))
      const half = await verify({ type: 'email_change', token_hash: links[0]?.hashed_token })
      expect([half.status, half.body.code]).toEqual([200, '200'])
      const whole = await verify({ type: 'email_change', token_hash: links[1]?.hashed_token })
      expect([whole.status, whole.body.user?.email]).toEqual([200, asked.new_email])
    }
  })

  it('is none of another account’s: a banned one stays out', async () => {
    const ada = await aSupabaseUser(gateway)
    const { hashed_token } = await link({ type: 'magiclink', email: ada.email })
    await service('PUT', `/admin/users/${ada.id}`, { json: { ban_duration: '1h' } })
    const refused = await verify({ type: 'magiclink', token_hash: hashed_token })
    expect([refused.status, refused.body.code]).toEqual([403, 'user_banned'])
  })
})

describe('a link that changes an address', () => {
  it('is of the new mailbox, and names it', async () => {
    const ada = await aSupabaseUser(gateway)
    const newEmail = anAddress()
    const made = await link({ type: 'email_change_new', email: ada.email, new_email: newEmail })
    expect(made).toMatchObject({
      id: ada.id,
      email: ada.email,
      new_email: newEmail,
      verification_type: 'email_change_new',
    })
    expect(new URL(made.action_link).searchParams.get('type')).toBe('email_change')
    expect(await tokenOf(made.hashed_token, 'supabase-email-change')).toMatchObject({ email: newEmail })
  })

  it('is of the mailbox of now, in either order, and voids no link of the other', async () => {
    const ada = await aSupabaseUser(gateway)
    const asked = { email: ada.email, new_email: anAddress() }
    const current = await link({ type: 'email_change_current', ...asked })
    expect(current.new_email).toBe(asked.new_email)
    const fresh = await link({ type: 'email_change_new', ...asked })
    const again = await link({ type: 'email_change_current', ...asked })
    expect(await tokenOf(fresh.hashed_token, 'supabase-email-change')).toBeDefined()
    expect(await tokenOf(current.hashed_token, 'supabase-email-change-current')).toBeUndefined()
    expect(await tokenOf(again.hashed_token, 'supabase-email-change-current')).toMatchObject({
      email: ada.email,
    })
  })

  it('counts no agreement to another address than its own', async () => {
    const ada = await aSupabaseUser(gateway)
    const ask = (type: string, new_email: string) => link({ type, email: ada.email, new_email })
    const before = anAddress()
    const current = await ask('email_change_current', before)
    const fresh = await ask('email_change_new', before)
    const other = await ask('email_change_new', anAddress())
    expect(await tokenOf(fresh.hashed_token, 'supabase-email-change')).toBeUndefined()
    expect(await tokenOf(current.hashed_token, 'supabase-email-change-current')).toBeUndefined()
    expect(await tokenOf(other.hashed_token, 'supabase-email-change')).toBeDefined()
  })

  it('is refused for an address that is another’s, no address, or the same', async () => {
    const ada = await aSupabaseUser(gateway)
    const { email: taken } = await aPerson(gateway)
    const change = async (new_email: string) => {
      const { status, body } = await ask({ type: 'email_change_new', email: ada.email, new_email })
      return [status, body.code]
    }
    expect(await change(taken)).toEqual([422, 'email_exists'])
    expect(await change('nobody')).toEqual([400, 'validation_failed'])
    expect(await change(ada.email)).toEqual([400, 'validation_failed'])
  })
})

describe('an invitation', () => {
  const invite = (json: object, query = '') => service('POST', `/invite${query}`, { json })

  it('mails a link and a code, and answers the user', async () => {
    const email = anAddress()
    const { status, body } = await invite(
      { email, data: { team: 'engines' } },
      `?redirect_to=${encodeURIComponent('https://app.example/start')}`,
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({ email, user_metadata: { team: 'engines' }, invited_at: expect.anything() })
    const [mail] = (await mailsOf(gateway)).filter(({ to }) => to === email)
    expect(mail).toMatchObject({ kind: 'supabase-invite' })
    const { searchParams } = new URL(mail?.facts.link)
    expect(searchParams.get('redirect_to')).toBe('https://app.example/start')
    expect(await tokenOf(searchParams.get('token') ?? '', 'supabase-invite')).toMatchObject({
      userId: body.id,
    })
  })

  it('is in the language that the program notes of them', async () => {
    const email = anAddress()
    await invite({ email, data: { locale: 'fr' } })
    const [mail] = (await mailsOf(gateway)).filter(({ to }) => to === email)
    expect(mail?.locale).toBe('fr')
  })

  it('comes again with a new link, and the old one is void', async () => {
    const email = anAddress()
    const first = await invite({ email })
    const second = await invite({ email })
    expect(second.body.id).toBe(first.body.id)
    const mails = (await mailsOf(gateway)).filter(({ to }) => to === email)
    expect(mails).toHaveLength(1)
  })

  it('is refused for whoever has confirmed their address', async () => {
    const { email } = await aSupabaseUser(gateway)
    const { status, body } = await invite({ email })
    expect([status, body.code]).toEqual([422, 'email_exists'])
  })

  it('is refused without an address', async () => {
    expect((await invite({})).body.code).toBe('validation_failed')
  })
})
