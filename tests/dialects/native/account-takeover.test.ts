import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  anAddress,
  aPassword,
  aPerson,
  mailedToken,
  mailsOf,
  type PersonSeen,
  signedIn,
  type TokensSeen,
} from '../../support/people.ts'
import { appCode, withApp } from '../../support/second-factor.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let ada: PersonSeen
let thief: TokensSeen
let theirs: string
let site = 0
beforeAll(async () => {
  gateway = await createTestGateway()
})
beforeEach(async () => {
  gateway.comeFrom(`198.51.100.${++site}`)
  admin = await gateway.accessToken()
  ada = await aPerson(gateway)
  thief = await signedIn(gateway, ada)
  theirs = anAddress()
})
afterAll(() => gateway.close())

const ask = (email = theirs) =>
  gateway.call('POST', '/api/v1/me/email', {
    token: thief.access,
    json: { email, password: ada.password },
  })
const confirm = (token: string) =>
  gateway.call('POST', '/api/v1/auth/email/change/confirm', { json: { token } })
const undo = (token: string) => gateway.call('POST', '/api/v1/auth/email/change/undo', { json: { token } })
const emailNow = async () => (await gateway.world.store.findUser(ada.id))?.user.email

describe('whoever had the password and asked for another address', () => {
  it('does not get the account after an administrator forces a new password', async () => {
    expect((await ask()).status).toBe(202)
    const link = await mailedToken(gateway, 'email-change', theirs)
    const forced = await gateway.call('POST', `/api/v1/users/${ada.id}/password-reset`, { token: admin })
    expect(forced.status).toBe(200)
    expect([(await confirm(link)).status, await emailNow()]).toEqual([401, ada.email])
    // The owner's own link is good.
    const token = await mailedToken(gateway, 'password-reset', ada.email)
    const json = { token, password: `${aPassword} anew` }
    expect((await gateway.call('POST', '/api/v1/auth/password/reset', { json })).status).toBe(200)
  })

  it('does not get it after a second factor counts', async () => {
    expect((await ask()).status).toBe(202)
    const link = await mailedToken(gateway, 'email-change', theirs)
    await withApp(gateway, ada, (await signedIn(gateway, ada)).access)
    expect([(await confirm(link)).status, await emailNow()]).toEqual([401, ada.email])
  })

  it('does not get it where the password is changed while they ask', async () => {
    const owner = await signedIn(gateway, ada)
    const { store } = gateway.world
    const looks = store.findUserByEmail
    Object.assign(store, {
      // Between the judging of the password and the writing of the link.
      findUserByEmail: async (email: string) => {
        Object.assign(store, { findUserByEmail: looks })
        const json = { current_password: ada.password, new_password: `${aPassword} anew` }
        const changed = await gateway.call('POST', '/api/v1/me/password', { token: owner.access, json })
        expect(changed.status).toBe(200)
        return looks(email)
      },
    })
    expect((await ask()).status).toBeGreaterThanOrEqual(400)
    expect((await mailsOf(gateway)).filter(({ to }) => to === theirs)).toEqual([])
  })
})

describe('whoever is put out while a factor of theirs is activated', () => {
  it('leaves none behind that would keep the owner out', async () => {
    const begun = await gateway.call('POST', '/api/v1/me/factors/totp', {
      token: thief.access,
      json: { password: ada.password },
    })
    const { id, secret } = begun.body.data
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email: ada.email } })
    const token = await mailedToken(gateway, 'password-reset', ada.email)
    const { store } = gateway.world
    const looks = store.listFactors
    Object.assign(store, {
      // Between the admission of the call and the writing of the factor.
      listFactors: async (userId: string) => {
        Object.assign(store, { listFactors: looks })
        const json = { token, password: `${aPassword} anew` }
        expect((await gateway.call('POST', '/api/v1/auth/password/reset', { json })).status).toBe(200)
        return looks(userId)
      },
    })
    const json = { code: appCode(gateway, secret) }
    const activated = await gateway.call('POST', `/api/v1/me/factors/${id}/activate`, {
      token: thief.access,
      json,
    })
    expect(activated.status).toBe(404)
    await signedIn(gateway, { email: ada.email, password: `${aPassword} anew` })
  })
})

describe('an address that may be taken back', () => {
  it('is not given away by an administrator, so that its owner can', async () => {
    expect((await ask()).status).toBe(202)
    expect((await confirm(await mailedToken(gateway, 'email-change', theirs))).status).toBe(200)
    const way = await mailedToken(gateway, 'email-changed', ada.email)
    for (const [path, json] of [
      ['', { email: ada.email, password: aPassword, email_confirmed: true }],
      ['/invite', { email: ada.email }],
    ] as const) {
      const added = await gateway.call('POST', `/api/v1/users${path}`, { token: admin, json })
      expect([path, added.status, added.body.error?.code]).toEqual([path, 409, 'email_taken'])
    }
    expect([(await undo(way)).status, await emailNow()]).toEqual([200, ada.email])
  })
})
