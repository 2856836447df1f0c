import { URI } from 'otpauth'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aPerson, mailsOf, type PersonSeen, signedIn } from '../../support/people.ts'
import {
  appCode,
  challengeOf,
  complete,
  mailedCode,
  withApp,
  wrongCode,
} from '../../support/second-factor.ts'
import { aCrowd } from '../../support/store-under-test.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let person: PersonSeen
let access: string

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

let site = 0
beforeEach(async () => {
  site++
  gateway.comeFrom(`2001:db8:0:${site.toString(16)}::1`)
  person = await aPerson(gateway)
  access = (await signedIn(gateway, person)).access
})

const asPerson = (method: string, path: string, json?: unknown, token = access) =>
  gateway.call(method, `/api/v1${path}`, { token, ...(json !== undefined && { json }) })
const beginApp = (json: object = {}) =>
  asPerson('POST', '/me/factors/totp', { password: person.password, ...json })
const activate = (id: string, code: string) => asPerson('POST', `/me/factors/${id}/activate`, { code })
const kindsMailed = async () =>
  (await mailsOf(gateway)).filter(({ to }) => to === person.email).map(({ kind }) => kind)
const codeOf = (answer: {
  readonly status: number
  readonly body: { readonly error: { readonly code: string } }
}) => [answer.status, answer.body.error?.code]

describe('an authenticator app', () => {
  it('is begun with the password: its secret is shown once, as text, as an address and as a picture', async () => {
    const begun = await beginApp({ name: 'My phone' })
    expect(begun.status).toBe(201)
    const { id, secret, uri, qr_svg: picture } = begun.body.data
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    const read = URI.parse(uri)
    expect([read.issuer, read.label, read.secret.base32]).toEqual(['gateway.test', person.email, secret])
    expect(picture).toMatch(/^<svg /)
    const listed = await asPerson('GET', '/me/factors')
    expect(listed.body.data).toEqual({
      items: [{ id, kind: 'totp', name: 'My phone', created_at: expect.any(String), activated_at: null }],
      recovery_codes_left: 0,
    })
    expect(listed.text).not.toContain(secret)
    const kept = await gateway.database.query('select * from factors where id = $1', [id])
    expect(JSON.stringify(kept)).not.toContain(secret)
  })

  it('does not count before a code of it was shown', async () => {
    const { id, secret } = (await beginApp()).body.data
    expect((await signedIn(gateway, person)).access).toEqual(expect.any(String))
    expect(codeOf(await activate(id, wrongCode(gateway, secret)))).toEqual([403, 'reauthentication_failed'])
    const activated = await activate(id, appCode(gateway, secret))
    expect([activated.status, activated.body.data.recovery_codes.length]).toEqual([200, 10])
    await challengeOf(gateway, person)
    expect(await kindsMailed()).toContain('factor-added')
  })

  it('is activated once of twenty who show its code, and one of them is told the recovery codes', async () => {
    const { id, secret } = (await beginApp()).body.data
    const answers = await aCrowd(() => activate(id, appCode(gateway, secret)))
    const good = answers.filter(({ status }) => status === 200)
    expect(good).toHaveLength(1)
    expect(good[0]?.body.data.recovery_codes).toHaveLength(10)
    expect((await asPerson('GET', '/me/factors')).body.data.recovery_codes_left).toBe(10)
  })

  it('lets no code sign anybody in that has activated it', async () => {
    const { id, secret } = (await beginApp()).body.data
    const code = appCode(gateway, secret)
    await activate(id, code)
    const answer = await complete(gateway, { challenge: await challengeOf(gateway, person), code })
    expect(codeOf(answer)).toEqual([401, 'invalid_code'])
  })

  it('is not begun without the right password, and wrong ones are counted', async () => {
    for (let index = 0; index < 5; index++) {
      const answer = await beginApp({ password: 'not the password at all' })
      expect([...codeOf(answer), answer.body.error.details[0].field]).toEqual([
        403,
        'reauthentication_failed',
        'password',
      ])
    }
    expect(codeOf(await beginApp())).toEqual([429, 'login_delayed'])
    gateway.pass(1)
    expect((await beginApp()).status).toBe(201)
  })

  it('is activated within the hour, and not by whoever began before another one counted', async () => {
    const late = (await beginApp()).body.data
    gateway.pass(3600)
    access = (await signedIn(gateway, person)).access
    expect(codeOf(await activate(late.id, appCode(gateway, late.secret)))).toEqual([404, 'factor_not_found'])
    const begun = (await beginApp()).body.data
    gateway.pass(3599)
    access = (await signedIn(gateway, person)).access
    expect((await asPerson('POST', '/me/factors/email', { password: person.password })).status).toBe(201)
    const [email] = (await asPerson('GET', '/me/factors')).body.data.items.filter(
      ({ kind }: { kind: string }) => kind === 'email',
    )
    const code = await mailedCode(gateway, 'factor-code', person.email)
    expect((await activate(email.id, code)).status).toBe(200)
    expect(codeOf(await activate(begun.id, appCode(gateway, begun.secret)))).toEqual([
      404,
      'factor_not_found',
    ])
  })

  it('of somebody else is not there', async () => {
    const { id, secret } = (await beginApp()).body.data
    const stranger = await aPerson(gateway)
    const token = (await signedIn(gateway, stranger)).access
    const json = { code: appCode(gateway, secret) }
    const stolen = await asPerson('POST', `/me/factors/${id}/activate`, json, token)
    expect(codeOf(stolen)).toEqual([404, 'factor_not_found'])
    const removed = await asPerson('DELETE', `/me/factors/${id}`, { password: stranger.password }, token)
    expect(codeOf(removed)).toEqual([404, 'factor_not_found'])
  })

  it('is nothing for a machine', async () => {
    const token = await gateway.accessToken()
    for (const [method, path, json] of [
      ['GET', '/me/factors', undefined],
      ['POST', '/me/factors/totp', { password: 'x' }],
      ['POST', '/me/factors/email', { password: 'x' }],
      ['POST', '/me/factors/email/code', {}],
      ['POST', `/me/factors/${crypto.randomUUID()}/activate`, { code: '123456' }],
      ['DELETE', `/me/factors/${crypto.randomUUID()}`, { password: 'x' }],
      ['POST', '/me/recovery-codes', { password: 'x' }],
    ] as const) {
      expect([path, ...codeOf(await asPerson(method, path, json, token))]).toEqual([
        path,
        403,
        'person_needed',
      ])
    }
  })
})

describe('a factor that counts', () => {
  it('keeps a session of one factor from adding, renewing and removing without a code', async () => {
    const app = await withApp(gateway, person, access)
    const { password } = person
    const tries = [
      ['POST', '/me/factors/totp'],
      ['POST', '/me/factors/email'],
      ['POST', '/me/recovery-codes'],
      ['DELETE', `/me/factors/${app.id}`],
    ] as const
    for (const [method, path] of tries) {
      expect([path, ...codeOf(await asPerson(method, path, { password }))]).toEqual([
        path,
        403,
        'second_factor_required',
      ])
      const wrong = await asPerson(method, path, { password, code: wrongCode(gateway, app.secret) })
      expect([path, ...codeOf(wrong), wrong.body.error.details[0].field]).toEqual([
        path,
        403,
        'reauthentication_failed',
        'code',
      ])
      gateway.pass(60)
    }
    expect((await asPerson('GET', '/me/factors')).body.data.items).toHaveLength(1)
  })

  it('is removed with the password and a code, whatever the session; then the password is enough again', async () => {
    const app = await withApp(gateway, person, access)
    const challenge = await challengeOf(gateway, person)
    const two = (await complete(gateway, { challenge, code: appCode(gateway, app.secret) })).body.data.access
    gateway.pass(60)
    const { password } = person
    const path = `/me/factors/${app.id}`
    expect(codeOf(await asPerson('DELETE', path, { password }, two))).toEqual([403, 'second_factor_required'])
    const json = { password, code: appCode(gateway, app.secret) }
    const removed = await aCrowd(() => asPerson('DELETE', path, json, two))
    expect(removed.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await asPerson('GET', '/me/factors')).body.data).toEqual({ items: [], recovery_codes_left: 0 })
    expect((await signedIn(gateway, person)).access).toEqual(expect.any(String))
    expect((await kindsMailed()).filter((kind) => kind === 'factor-removed')).toHaveLength(1)
  })

  it('is removed with a recovery code when it is lost', async () => {
    const app = await withApp(gateway, person, access)
    const json = { password: person.password, code: app.recoveryCodes[3] }
    expect((await asPerson('DELETE', `/me/factors/${app.id}`, json)).status).toBe(200)
  })

  it('is one of ten at most', async () => {
    const app = await withApp(gateway, person, access)
    const challenge = await challengeOf(gateway, person)
    const two = (await complete(gateway, { challenge, code: appCode(gateway, app.secret) })).body.data.access
    const rows = Array.from({ length: 9 }, () => [crypto.randomUUID(), person.id])
    for (const row of rows) {
      await gateway.database.query(
        `insert into factors (id, user_id, kind, name, created_at, activated_at) values ($1, $2, 'totp', 'x', now(), now())`,
        row,
      )
    }
    const answer = await asPerson('POST', '/me/factors/totp', { password: person.password }, two)
    expect(codeOf(answer)).toEqual([409, 'too_many_factors'])
  })
})

describe('the audit log', () => {
  it('tells of factors that were begun, that count and that are gone, and of new recovery codes', async () => {
    const app = await withApp(gateway, person, access)
    const { password } = person
    const json = () => ({ password, code: appCode(gateway, app.secret) })
    expect((await asPerson('POST', '/me/recovery-codes', json())).status).toBe(201)
    gateway.pass(60)
    expect((await asPerson('DELETE', `/me/factors/${app.id}`, json())).status).toBe(200)
    const admin = await gateway.accessToken()
    const log = await asPerson('GET', `/audit?user_id=${person.id}`, undefined, admin)
    const told = log.body.data.items
      .map(({ kind, target, details }: Record<string, unknown>) => [kind, target, details])
      .filter(([kind]: readonly string[]) => /^(?:factor|recovery)/.test(kind ?? ''))
    // In one moment of this clock they stand in no order.
    expect(told.toSorted()).toEqual([
      ['factor.activate', app.id, { kind: 'totp' }],
      ['factor.enrol', app.id, { kind: 'totp' }],
      ['factor.remove', app.id, {}],
      ['recovery-codes.renew', null, {}],
    ])
    for (const secret of [app.secret, ...app.recoveryCodes]) expect(log.text).not.toContain(secret)
  })
})

describe('codes by mail', () => {
  const beginMail = () => asPerson('POST', '/me/factors/email', { password: person.password })
  const withMail = async () => {
    const { id } = (await beginMail()).body.data
    const activated = await activate(id, await mailedCode(gateway, 'factor-code', person.email))
    expect(activated.status).toBe(200)
    return id as string
  }
  const mailFor = (challenge: string) =>
    gateway.call('POST', '/api/v1/auth/login/email-code', { json: { challenge } })
  const signInCode = () => mailedCode(gateway, 'sign-in-code', person.email)
  const byMail = (challenge: string, code: string) => complete(gateway, { challenge, method: 'email', code })

  it('count when the first one was shown, and then sign in', async () => {
    await withMail()
    const challenge = await challengeOf(gateway, person)
    const mailed = await mailFor(challenge)
    expect([mailed.status, mailed.body.data]).toEqual([202, {}])
    expect(await signInCode()).toMatch(/^\d{6}$/)
    const answer = await byMail(challenge, await signInCode())
    expect(answer.status).toBe(200)
    expect(codeOf(await byMail(await challengeOf(gateway, person), await signInCode()))).toEqual([
      401,
      'invalid_code',
    ])
    expect(codeOf(await beginMail())).toEqual([403, 'second_factor_required'])
  })

  it('belong to the attempt that they were mailed for', async () => {
    await withMail()
    const [first, second] = [await challengeOf(gateway, person), await challengeOf(gateway, person)]
    await mailFor(first)
    const code = await signInCode()
    expect(codeOf(await byMail(second, code))).toEqual([401, 'invalid_code'])
    expect((await byMail(first, code)).status).toBe(200)
  })

  it('are over with the next one, and with their ten minutes', async () => {
    await withMail()
    const challenge = await challengeOf(gateway, person)
    await mailFor(challenge)
    const first = await signInCode()
    gateway.pass(1)
    await mailFor(challenge)
    const second = await signInCode()
    if (first !== second) expect(codeOf(await byMail(challenge, first))).toEqual([401, 'invalid_code'])
    gateway.pass(598)
    expect((await byMail(challenge, second)).status).toBe(200)
  })

  it('are kept as hashes alone', async () => {
    await withMail()
    await mailFor(await challengeOf(gateway, person))
    const rows = await gateway.database.query(
      'select code_digest from sign_in_challenges where user_id = $1',
      [person.id],
    )
    expect(rows[0]?.['code_digest']).toMatch(/^[0-9a-f]{8}\.[\w-]{43}$/)
  })

  it('are five in a quarter of an hour', async () => {
    await withMail()
    const challenge = await challengeOf(gateway, person)
    for (let index = 0; index < 4; index++) expect((await mailFor(challenge)).status).toBe(202)
    const tooMany = await mailFor(challenge)
    expect([...codeOf(tooMany), tooMany.headers.get('retry-after')]).toEqual([429, 'rate_limited', '180'])
    gateway.pass(180)
    expect((await mailFor(challenge)).status).toBe(202)
  })

  it('are not mailed for a challenge that is over, or without such a factor', async () => {
    expect(codeOf(await mailFor('gsc_nothing'))).toEqual([401, 'invalid_challenge'])
    await withApp(gateway, person, access)
    expect((await mailFor(await challengeOf(gateway, person))).status).toBe(400)
    expect(codeOf(await asPerson('POST', '/me/factors/email/code', {}))).toEqual([404, 'factor_not_found'])
  })

  it('remove themselves by a further code, which counts five times at most', async () => {
    const id = await withMail()
    expect((await asPerson('POST', '/me/factors/email/code', {})).status).toBe(202)
    const json = { password: person.password, code: await mailedCode(gateway, 'factor-code', person.email) }
    expect((await asPerson('DELETE', `/me/factors/${id}`, json)).status).toBe(200)
  })
})
