import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { type AccountStage, signIn } from '../support/account-stage.ts'
import { appCodeAt, stepAt } from '../support/app-code.ts'
import type { ReceivedMail } from '../support/mailbox.ts'

const codeIn = (mail: ReceivedMail) => mail.text?.match(/\b\d{6}\b/)?.[0]

/** An authenticator app, recovery codes, codes by mail. */
export function twoFactors(stage: AccountStage): void {
  const { ada, at, get, mail } = stage
  const app = { id: '', secret: '', step: 0 }
  let recoveryCodes: string[] = []

  const challenged = async () => {
    const json = { identifier: ada.email, password: ada.password }
    const data = await get('POST', '/api/v1/auth/login', { json })
    expect(data.access).toBeUndefined()
    return data.second_factor
  }
  const answer = async (method: string, code: string | undefined, challenge?: string) =>
    at('POST', '/api/v1/auth/login/second-factor', {
      json: { challenge: challenge ?? (await challenged()).challenge, method, code },
    })

  it('sets up an authenticator app, which its first code activates', async () => {
    const token = await signIn(stage, ada)
    const begun = await get('POST', '/api/v1/me/factors/totp', { token, json: { password: ada.password } })
    expect(begun.uri).toMatch(/^otpauth:\/\/totp\//)
    expect(begun.qr_svg).toMatch(/^<svg /)
    // Not activated, it is not asked for.
    await signIn(stage, ada)
    Object.assign(app, { id: begun.id, secret: begun.secret, step: stepAt(Date.now()) })
    const json = { code: appCodeAt(app.secret, app.step) }
    const activated = await get('POST', `/api/v1/me/factors/${app.id}/activate`, { token, json })
    recoveryCodes = activated.recovery_codes
    expect(recoveryCodes).toHaveLength(10)
    await mail(ada.email, /^A second factor was added/)
  })

  it('signs in with a code of the app, each good once', async () => {
    const { challenge, methods } = await challenged()
    expect(methods).toEqual(['totp', 'recovery_code'])
    // The step after: good now, and still good if a new one has begun meanwhile.
    const code = appCodeAt(app.secret, app.step + 1)
    expect((await answer('totp', appCodeAt(app.secret, app.step), challenge)).status).toBe(401)
    const signedIn = await answer('totp', code, challenge)
    expect(signedIn.status).toBe(200)
    ada.access = signedIn.body.data.access
    expect(decodeJwt(ada.access)).toMatchObject({ aal: 2, amr: ['pwd', 'otp', 'mfa'] })
    expect((await answer('totp', code)).status).toBe(401)
  })

  it('signs in with a recovery code, once however many try', async () => {
    const challenges = await Promise.all(
      Array.from({ length: 3 }, async () => (await challenged()).challenge),
    )
    const answers = await Promise.all(
      challenges.map((challenge) => answer('recovery_code', recoveryCodes[0], challenge)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
    expect((await mail(ada.email, /^A recovery code was used/)).text).toContain('9')
  })

  it('takes codes by mail as well, of the challenge that they were asked for', async () => {
    const token = ada.access
    const json = { password: ada.password }
    const begun = await get('POST', '/api/v1/me/factors/email', { token, json })
    const first = codeIn(await mail(ada.email, /^Your code/))
    const activated = await get('POST', `/api/v1/me/factors/${begun.id}/activate`, {
      token,
      json: { code: first },
    })
    expect(activated.recovery_codes).toBeNull()

    const { challenge, methods } = await challenged()
    expect(methods).toEqual(['totp', 'email', 'recovery_code'])
    await get('POST', '/api/v1/auth/login/email-code', { json: { challenge } })
    const code = codeIn(await mail(ada.email, /^Your code/))
    expect((await answer('email', code)).status).toBe(401)
    const signedIn = await answer('email', code, challenge)
    expect(signedIn.status).toBe(200)
    expect(decodeJwt(signedIn.body.data.access)).toMatchObject({ aal: 2, amr: ['pwd', 'email', 'mfa'] })
  })

  it('renews the recovery codes, and takes the factors away with one each', async () => {
    const token = ada.access
    const renewed = await get('POST', '/api/v1/me/recovery-codes', {
      token,
      json: { password: ada.password, code: recoveryCodes[1] },
    })
    recoveryCodes = renewed.recovery_codes
    const { items } = await get('GET', '/api/v1/me/factors', { token })
    expect(items.map(({ kind }: { kind: string }) => kind).sort()).toEqual(['email', 'totp'])
    for (const [index, { id }] of items.entries()) {
      const path = `/api/v1/me/factors/${id}`
      const json = { password: ada.password, code: recoveryCodes[index] }
      expect((await at('DELETE', path, { token, json: { password: ada.password } })).status).toBe(403)
      await get('DELETE', path, { token, json })
      await mail(ada.email, /^A second factor was removed/)
    }
    await signIn(stage, ada)
  })
}
