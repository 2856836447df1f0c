import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { type AccountStage, publicUrl, refusedSignIn, signIn } from '../support/account-stage.ts'

/** From nothing to an account that is signed in to, seen and edited. */
export function arriving(stage: AccountStage): void {
  const { ada, at, get, mail, link } = stage
  const nobody = 'nobody@people.test'

  it('registers, is mailed a link, and cannot sign in before it is used', async () => {
    const json = { email: ada.email, password: ada.password, username: 'Ada', name: 'Ada', locale: 'en' }
    const registered = await at('POST', '/api/v1/auth/register', { json })
    expect([registered.status, registered.body.data]).toEqual([
      202,
      { email: ada.email, confirmation: 'required' },
    ])
    expect(await refusedSignIn(stage, ada)).toEqual([403, 'email_unconfirmed'])

    const first = await link(ada.email, /^Confirm your e-mail/, '/account/confirm')
    await get('POST', '/api/v1/auth/email/resend', { json: { email: ada.email } })
    const token = await link(ada.email, /^Confirm your e-mail/, '/account/confirm')
    const confirm = (it: string) => at('POST', '/api/v1/auth/email/confirm', { json: { token: it } })
    expect((await confirm(first)).status).toBe(401)
    expect((await confirm(token)).status).toBe(200)
    expect((await confirm(token)).status).toBe(401)

    // The same answer for the address that is known now, whose owner alone is told.
    const { username: _taken, ...again } = json
    const known = await at('POST', '/api/v1/auth/register', { json: again })
    expect([known.status, known.body.data]).toEqual([registered.status, registered.body.data])
    await mail(ada.email, /^You already have an account/)
  })

  it('refuses a password that is too short, and one that everybody tries', async () => {
    for (const password of ['too short', '123456789012345']) {
      const answer = await at('POST', '/api/v1/auth/register', { json: { email: nobody, password } })
      expect([answer.status, answer.body.error.code]).toEqual([422, 'password_unacceptable'])
    }
  })

  it('signs in by address and by user name, and looks the same to strangers who guess', async () => {
    await signIn(stage, ada)
    const access = await signIn(stage, ada, { identifier: 'aDA' })
    const keySet = createRemoteJWKSet(new URL(`${stage.url()}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(access, keySet, { typ: 'at+jwt', issuer: publicUrl })
    expect(payload).toMatchObject({ client_id: 'guichet', aal: 1, amr: ['pwd'], scope: '' })

    const guess = (identifier: string) =>
      at('POST', '/api/v1/auth/login', { json: { identifier, password: 'a guess of a stranger' } })
    const [wrong, unknown] = [await guess(ada.email), await guess(nobody)]
    expect([wrong.status, wrong.body.error]).toEqual([unknown.status, unknown.body.error])
    expect(wrong.status).toBe(401)
  })

  it('sees the account and edits what it says, but not what it may do', async () => {
    const token = ada.access
    const me = await get('GET', '/api/v1/me', { token })
    expect(me.user).toMatchObject({ email: ada.email, username: 'Ada', name: 'Ada', role: 'user' })
    const json = { surname: 'Lovelace', phone: '+44 20 7946 0000', metadata: { team: 'engines' } }
    expect(await get('PATCH', '/api/v1/me', { token, json })).toMatchObject(json)
    expect((await get('GET', '/api/v1/me', { token })).user).toMatchObject({ name: 'Ada', ...json })
    for (const field of ['role', 'id', 'email', 'email_confirmed_at', 'disabled_at', 'permissions']) {
      const answer = await at('PATCH', '/api/v1/me', { token, json: { name: 'Eve', [field]: 'admin' } })
      expect([field, answer.status]).toEqual([field, 422])
    }
  })

  it('lists its sessions and ends one, and reads who tried to sign in', async () => {
    const other = await signIn(stage, ada)
    const token = await signIn(stage, ada)
    const { items: sessions } = await get('GET', '/api/v1/me/sessions', { token })
    const { sid: otherId } = decodeJwt(other)
    expect(sessions.length).toBeGreaterThanOrEqual(2)
    expect(sessions.find(({ current }: { current: boolean }) => current).id).toBe(decodeJwt(token)['sid'])
    await get('DELETE', `/api/v1/me/sessions/${otherId}`, { token })
    await stage.ends(other)
    expect((await at('GET', '/api/v1/me', { token })).status).toBe(200)
    const elsewhere = await at('DELETE', `/api/v1/me/sessions/${crypto.randomUUID()}`, { token })
    expect(elsewhere.status).toBe(404)

    const { items: history } = await get('GET', '/api/v1/me/sign-ins', { token })
    const outcomes = history.map(({ outcome }: { outcome: string }) => outcome)
    expect(outcomes[0]).toBe('success')
    expect(outcomes).toEqual(expect.arrayContaining(['success', 'wrong', 'unconfirmed']))
    expect(history[0]).toMatchObject({ method: 'password', address: expect.any(String) })
  })

  it('is told by mail of a sign-in from elsewhere', async () => {
    await signIn(stage, ada, { from: '203.0.113.9' })
    expect((await mail(ada.email, /^A new device/)).text).toContain('203.0.113.9')
  })

  it('refreshes, and whoever shows an old refresh token ends the session', async () => {
    await signIn(stage, ada)
    const refresh = (it: string) => at('POST', '/api/v1/auth/refresh', { json: { refresh: it } })
    const second = (await refresh(ada.refresh)).body.data
    const third = (await refresh(second.refresh)).body.data
    expect(new Set([ada.refresh, second.refresh, third.refresh]).size).toBe(3)
    expect((await at('GET', '/api/v1/me', { token: third.access })).status).toBe(200)
    expect((await refresh(ada.refresh)).status).toBe(401)
    await stage.ends(third.access)
    expect((await refresh(third.refresh)).status).toBe(401)
  })
}
