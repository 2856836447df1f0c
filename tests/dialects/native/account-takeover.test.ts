import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  anAddress,
  aPassword,
  aPerson,
  mailedToken,
  type PersonSeen,
  signedIn,
  type TokensSeen,
} from '../../support/people.ts'
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
})
