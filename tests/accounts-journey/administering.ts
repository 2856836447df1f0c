import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { type AccountStage, comeBack, refusedSignIn, signIn } from '../support/account-stage.ts'

/** An administrator, and what they do with roles and with people. */
export function administering(stage: AccountStage): void {
  const { ada, root, at, get, link, ends } = stage
  const role = { id: '', name: 'clerk' }
  let adaId = ''
  const asRoot = (method: string, path: string, json?: unknown) =>
    get(method, `/api/v1${path}`, { token: root.access, json })

  it('begins with an administrator whom the first key invites by mail', async () => {
    const exchanged = await get('POST', '/api/v1/auth/token', { json: { apiKey: stage.adminKey() } })
    const invited = await get('POST', '/api/v1/users/invite', {
      token: exchanged.access,
      json: { email: root.email, role: 'admin', locale: 'fr-FR' },
    })
    expect(invited).toMatchObject({ email: root.email, role: 'admin', state: 'invited' })
    // In the language of whom it is for.
    const token = await link(root.email, /invit/, '/account/invite')
    const json = { token, password: root.password, username: root.username }
    await get('POST', '/api/v1/auth/invite/accept', { json })
    expect((await at('POST', '/api/v1/auth/invite/accept', { json })).status).toBe(401)
    expect(decodeJwt(await signIn(stage, root))['scope']).toBe('*')
  })

  it('makes a role and gives it, and the gateway lets its people through', async () => {
    const made = await asRoot('POST', '/roles', { name: role.name, permissions: ['orders:*', 'keys:own'] })
    role.id = made.id
    const { items } = await asRoot('GET', `/users?email=${encodeURIComponent(ada.email)}`)
    expect(items).toHaveLength(1)
    adaId = items[0].id

    const before = await signIn(stage, ada)
    expect((await at('GET', '/orders', { token: before })).status).toBe(403)
    await asRoot('PATCH', `/users/${adaId}`, { role: role.name })
    // What is given comes with the next token.
    const token = await signIn(stage, ada)
    expect(decodeJwt(token)['scope']).toBe('orders:* keys:own')
    expect((await at('GET', '/orders', { token })).status).toBe(200)
    expect(stage.orders().sawField('x-auth-subject')).toBe(adaId)
    expect((await at('GET', '/api/v1/users', { token })).status).toBe(403)
    // Nobody gives what they do not hold, and other people are not there.
    const own = await at('PATCH', `/api/v1/users/${adaId}`, { token, json: { role: 'admin' } })
    expect(own.status).toBe(403)
  })

  it('gives its people keys of their own, which end with the account', async () => {
    const json = { name: 'laptop', permissions: ['orders:read'], password: ada.password }
    const issued = await get('POST', '/api/v1/me/keys', { token: ada.access, json })
    const exchange = () => at('POST', '/api/v1/auth/token', { json: { apiKey: issued.api_key } })
    const { access } = (await exchange()).body.data
    expect((await at('GET', '/orders', { token: access })).status).toBe(200)
    await asRoot('POST', `/users/${adaId}/disable`)
    await ends(access)
    await ends(ada.access)
    expect((await exchange()).status).toBe(401)
    expect(await refusedSignIn(stage, ada)).toEqual([401, 'user_disabled'])
    await asRoot('POST', `/users/${adaId}/enable`)
    expect((await exchange()).status).toBe(200)
    await comeBack(stage, ada)
  })

  it('asks a second factor of a role: sessions without one are refused, until it is not asked', async () => {
    const token = await signIn(stage, ada)
    const orders = async () => {
      const { status, body } = await at('GET', '/orders', { token })
      return [status, body?.error?.code]
    }
    await asRoot('PATCH', `/roles/${role.id}`, { second_factor_required: true })
    await expect.poll(orders).toEqual([403, 'second_factor_required'])
    expect((await at('GET', '/api/v1/me', { token })).status).toBe(200)
    await asRoot('PATCH', `/roles/${role.id}`, { second_factor_required: false })
    await expect.poll(orders).toEqual([200, undefined])
  })

  it('takes a permission, which is gone from tokens that are alive', async () => {
    const token = await signIn(stage, ada)
    expect((await at('GET', '/orders', { token })).status).toBe(200)
    await asRoot('PATCH', `/roles/${role.id}`, { permissions: ['keys:own'] })
    await expect.poll(async () => (await at('GET', '/orders', { token })).status).toBe(403)
    expect((await at('GET', '/api/v1/me', { token })).status).toBe(200)
    expect((await at('DELETE', `/api/v1/roles/${role.id}`, { token: root.access })).status).toBe(409)
    await asRoot('PATCH', `/users/${adaId}`, { role: 'user' })
    await asRoot('DELETE', `/roles/${role.id}`)
  })

  it('forces a new password, which the owner sets by a mailed link', async () => {
    const token = await signIn(stage, ada)
    await asRoot('POST', `/users/${adaId}/password-reset`)
    await ends(token)
    expect(await refusedSignIn(stage, ada)).toEqual([403, 'password_reset_due'])
    const reset = await link(ada.email, /set a new password/i, '/account/reset')
    const set = (password: string) =>
      at('POST', '/api/v1/auth/password/reset', { json: { token: reset, password } })
    expect((await set(ada.password)).status).toBe(422)
    ada.password = 'enchantress of numbers'
    expect((await set(ada.password)).status).toBe(200)
    await signIn(stage, ada)
  })

  it('sees the sessions and sign-ins of a person, and ends the sessions', async () => {
    const token = await signIn(stage, ada)
    const { items: sessions } = await asRoot('GET', `/users/${adaId}/sessions`)
    const ids = sessions.map(({ id }: { id: string }) => id)
    expect(ids).toContain(decodeJwt(token)['sid'])
    const { items: history } = await asRoot('GET', `/users/${adaId}/sign-ins?limit=1`)
    expect(history).toMatchObject([{ method: 'password', outcome: 'success' }])
    await asRoot('DELETE', `/users/${adaId}/sessions`)
    await ends(token)
    await signIn(stage, ada)
  })

  it('creates a person, and deletes them', async () => {
    const json = { email: 'charles@people.test', password: 'it is all gears', email_confirmed: true }
    const { id } = await asRoot('POST', '/users', json)
    const login = { json: { identifier: json.email, password: json.password } }
    const { access } = await get('POST', '/api/v1/auth/login', login)
    await asRoot('DELETE', `/users/${id}`)
    await ends(access)
    expect((await asRoot('GET', `/users/${id}`)).state).toBe('deleted')
  })

  it('cannot be without its last administrator', async () => {
    const { id } = (await get('GET', '/api/v1/me', { token: root.access })).user
    const refusals = [
      await at('PATCH', `/api/v1/users/${id}`, { token: root.access, json: { role: 'user' } }),
      await at('POST', `/api/v1/users/${id}/disable`, { token: root.access }),
      await at('DELETE', `/api/v1/users/${id}`, { token: root.access }),
      await at('DELETE', '/api/v1/me', { token: root.access, json: { password: root.password } }),
    ]
    for (const { status, body } of refusals) expect([status, body.error.code]).toEqual([409, 'last_admin'])
  })
}
