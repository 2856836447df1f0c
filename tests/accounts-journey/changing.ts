import { expect, it } from 'vitest'
import { type AccountStage, refusedSignIn, signIn } from '../support/account-stage.ts'

/** Another password, another address, and the ways back. */
export function changing(stage: AccountStage): void {
  const { ada, at, get, mail, link, ends } = stage

  it('changes the password: the owner is told, and the other sessions are dead', async () => {
    const other = await signIn(stage, ada)
    const token = await signIn(stage, ada)
    const wish = (current_password: string) => ({
      token,
      json: { current_password, new_password: 'the difference engine' },
    })
    expect((await at('POST', '/api/v1/me/password', wish('not the password'))).status).toBe(403)
    await get('POST', '/api/v1/me/password', wish(ada.password))
    await mail(ada.email, /^Your password for \S+ was changed/)
    await ends(other)
    expect((await at('GET', '/api/v1/me', { token })).status).toBe(200)
    expect(await refusedSignIn(stage, ada)).toEqual([401, 'invalid_credentials'])
    ada.password = 'the difference engine'
    await signIn(stage, ada)
  })

  it('changes the address: confirmed from the new one, undone from the old one', async () => {
    const token = await signIn(stage, ada)
    const next = 'countess@people.test'
    const json = { email: next, password: ada.password }
    await get('POST', '/api/v1/me/email', { token, json })
    const confirmation = await link(next, /^Confirm your new e-mail/, '/account/email')
    expect((await get('GET', '/api/v1/me', { token })).user.email).toBe(ada.email)
    await get('POST', '/api/v1/auth/email/change/confirm', { json: { token: confirmation } })
    expect((await get('GET', '/api/v1/me', { token })).user.email).toBe(next)
    await signIn(stage, ada, { identifier: next })

    const undo = await link(ada.email, /^The e-mail address .* was changed/, '/account/undo-email')
    await get('POST', '/api/v1/auth/email/change/undo', { json: { token: undo } })
    await ends(token)
    expect(await refusedSignIn(stage, ada)).toEqual([403, 'password_reset_due'])
    const reset = await link(ada.email, /^Set a new password/, '/account/reset')
    ada.password = 'notes by the translator'
    await get('POST', '/api/v1/auth/password/reset', { json: { token: reset, password: ada.password } })
    await signIn(stage, ada)
  })

  it('forgets the password and sets another by a link that is good once', async () => {
    const token = await signIn(stage, ada)
    const forgot = (email: string) => at('POST', '/api/v1/auth/password/forgot', { json: { email } })
    const [known, unknown] = [await forgot(ada.email), await forgot('nobody@people.test')]
    expect([known.status, known.body.data]).toEqual([unknown.status, unknown.body.data])
    expect(known.status).toBe(202)

    const reset = await link(ada.email, /^Set a new password/, '/account/reset')
    const set = (password: string) =>
      at('POST', '/api/v1/auth/password/reset', { json: { token: reset, password } })
    expect((await set('too short')).status).toBe(422)
    ada.password = 'the number of bernoulli'
    const answers = await Promise.all(Array.from({ length: 5 }, () => set(ada.password)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401])
    await ends(token)
    await signIn(stage, ada)
  })
}
