import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAddress, aPassword, mailedToken, signedIn, withRole } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway({
    policy: {
      accounts: {
        registration: 'open',
        emailConfirmation: 'optional',
        passwordMinLength: 15,
        secondFactorRoles: [],
      },
    },
  })
})
afterAll(() => gateway.close())

describe('whoever registers with the address of somebody else', () => {
  it('leaves no factor and no key there that would outlive a reset by its owner', async () => {
    const email = anAddress()
    await gateway.call('POST', '/api/v1/auth/register', { json: { email, password: aPassword } })
    const id = (await gateway.world.store.findUserByEmail(email))?.user.id ?? ''
    await withRole(gateway, { id }, ['keys:own'])
    const { access: token } = await signedIn(gateway, { email, password: aPassword })
    const tries = async () => {
      const app = await gateway.call('POST', '/api/v1/me/factors/totp', {
        token,
        json: { password: aPassword },
      })
      const key = await gateway.call('POST', '/api/v1/me/keys', {
        token,
        json: { name: 'mine', permissions: [], password: aPassword },
      })
      return [app, key].map(({ status, body }) => [status, body.error?.code])
    }
    const refused = [403, 'email_unconfirmed']
    expect(await tries()).toEqual([refused, refused])
    const link = await mailedToken(gateway, 'email-confirm', email)
    await gateway.call('POST', '/api/v1/auth/email/confirm', { json: { token: link } })
    expect((await tries()).map(([status]) => status)).toEqual([201, 201])
  })
})
