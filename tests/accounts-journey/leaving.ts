import { expect, it } from 'vitest'
import { type AccountStage, comeBack, refusedSignIn, signIn } from '../support/account-stage.ts'

/** Signing out, taking the data along, and the end of the account. */
export function leaving(stage: AccountStage): void {
  const { ada, root, at, get, mail, ends } = stage
  const signOut = (token: string, scope: string) =>
    get('POST', '/api/v1/auth/logout', { token, json: { scope } })

  it('signs out of this session, of the others, of all: the access tokens die with them', async () => {
    const [one, two, three] = [
      await signIn(stage, ada),
      await signIn(stage, ada),
      await signIn(stage, ada, { from: '203.0.113.9' }),
    ]
    await signOut(one, 'session')
    await ends(one)
    expect((await at('GET', '/api/v1/me', { token: two })).status).toBe(200)
    await signOut(two, 'others')
    await ends(three)
    expect((await at('GET', '/api/v1/me', { token: two })).status).toBe(200)
    const four = await signIn(stage, ada)
    await signOut(two, 'all')
    await ends(two)
    await ends(four)
    const refreshed = await at('POST', '/api/v1/auth/refresh', { json: { refresh: ada.refresh } })
    expect(refreshed.status).toBe(401)
  })

  it('takes its data along, without any hash or secret', async () => {
    const token = await signIn(stage, ada)
    const answer = await at('GET', '/api/v1/me/export', { token })
    expect(answer.status).toBe(200)
    expect(answer.body.data.user).toMatchObject({ email: ada.email, surname: 'Lovelace' })
    for (const list of ['sessions', 'sign_ins', 'links', 'mails', 'keys', 'audit_events']) {
      expect([list, answer.body.data[list].length > 0]).toEqual([list, true])
    }
    expect(answer.text).not.toMatch(/argon2|digest|sealed|password_hash/)
  })

  it('deletes the account, which an administrator can restore', async () => {
    const token = await signIn(stage, ada)
    const { refresh } = ada
    const { id } = (await get('GET', '/api/v1/me', { token })).user
    const remove = (password: string) => at('DELETE', '/api/v1/me', { token, json: { password } })
    expect((await remove('not the password')).status).toBe(403)
    const removed = await remove(ada.password)
    expect([removed.status, typeof removed.body.data.restorable_until]).toEqual([200, 'string'])
    await mail(ada.email, /^Your account on \S+ was deleted/)
    await ends(token)
    expect((await at('POST', '/api/v1/auth/refresh', { json: { refresh } })).status).toBe(401)
    expect(await refusedSignIn(stage, ada)).toEqual([401, 'user_deleted'])

    const restored = await get('POST', `/api/v1/users/${id}/restore`, { token: root.access })
    expect(restored).toMatchObject({ email: ada.email, state: 'active', deleted_at: null })
    await mail(ada.email, /^Your account on \S+ was restored/)
    await comeBack(stage, ada)
  })

  it('keeps who guesses waiting, and nobody else', async () => {
    const guess = (password: string, from: string) =>
      at('POST', '/api/v1/auth/login', {
        json: { identifier: ada.email, password },
        headers: { 'X-Forwarded-For': from },
      })
    const crowd = await Promise.all(
      Array.from({ length: 20 }, () => guess('guess after guess', '198.51.100.7')),
    )
    const looked = crowd.filter(({ status }) => status === 401).length
    // On a busy machine a delay of a second or two may end before the last of the crowd comes.
    expect([5, 6, 7]).toContain(looked)
    expect(crowd.filter(({ status }) => status === 429)).toHaveLength(20 - looked)
    const delayed = crowd.find(({ status }) => status === 429)
    expect(delayed?.body.error.code).toBe('login_delayed')
    expect(Number(delayed?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await at('GET', '/api/v1/me', { token: ada.access })).status).toBe(200)
    expect((await guess(ada.password, '203.0.113.9')).status).toBe(200)
  })
}
