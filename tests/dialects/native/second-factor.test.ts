import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { claimsOf } from '../../support/oauth.ts'
import { aPerson, mailedToken, mailsOf, type PersonSeen, signedIn } from '../../support/people.ts'
import {
  type AppSeen,
  appCode,
  challengeOf,
  complete,
  withApp,
  wrongCode,
} from '../../support/second-factor.ts'
import { aCrowd } from '../../support/store-under-test.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
/** Another instance on the same database. */
let other: TestGateway
let person: PersonSeen
let access: string
let app: AppSeen

beforeAll(async () => {
  gateway = await createTestGateway()
  other = await createTestGateway({ database: gateway.database })
})

afterAll(async () => {
  await other.close()
  await gateway.close()
})

let site = 0
/** From an address that nobody came from before: what fails at one address slows no other test down. */
const elsewhere = () => {
  site++
  gateway.comeFrom(`2001:db8:0:${site.toString(16)}::1`)
}

beforeEach(async () => {
  elsewhere()
  person = await aPerson(gateway)
  access = (await signedIn(gateway, person)).access
  app = await withApp(gateway, person, access)
  other.pass((gateway.world.now().getTime() - other.world.now().getTime()) / 1000)
})

const code = (steps = 0) => appCode(gateway, app.secret, steps)
const statuses = (answers: readonly { readonly status: number }[], status: number) =>
  answers.filter((answer) => answer.status === status).length

describe('a sign-in with a second factor', () => {
  it('brings a challenge for the password, and tokens of two factors for the code', async () => {
    const json = { identifier: person.email, password: person.password }
    const first = await gateway.call('POST', '/api/v1/auth/login', { json })
    expect([first.status, Object.keys(first.body.data)]).toEqual([200, ['second_factor']])
    expect(first.body.data.second_factor).toEqual({
      challenge: expect.stringMatching(/^gsc_\w{66}$/),
      methods: ['totp', 'recovery_code'],
      expire: new Date(gateway.world.now().getTime() + 600_000).toISOString().replace(/\.\d+/, ''),
    })
    const { challenge } = first.body.data.second_factor
    const answer = await complete(gateway, { challenge, code: code() })
    expect([answer.status, Object.keys(answer.body.data).sort()]).toEqual([
      200,
      ['access', 'access_expire', 'refresh', 'refresh_expire', 'token_type'],
    ])
    const claims = claimsOf(answer.body.data.access)
    expect([claims['sub'], claims['aal'], claims['amr']]).toEqual([person.id, 2, ['pwd', 'otp', 'mfa']])
    const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', {
      json: { refresh: answer.body.data.refresh },
    })
    expect(claimsOf(refreshed.body.data.access)['aal']).toBe(2)
  })

  it('takes a code once of twenty who send it at once, on two instances', async () => {
    const challenge = await challengeOf(gateway, person)
    const answers = await aCrowd((index) =>
      complete(index % 2 === 0 ? gateway : other, { challenge, code: code() }),
    )
    expect(statuses(answers, 200)).toBe(1)
    expect(statuses(answers, 401) + statuses(answers, 429)).toBe(19)
    const again = await complete(gateway, { challenge: await challengeOf(gateway, person), code: code() })
    // Delayed, where the crowd's other tries came before the one that counted.
    expect(['invalid_code', 'login_delayed']).toContain(again.body.error?.code)
  })

  it('takes a code once of as many attempts, on two instances', async () => {
    const challenges: string[] = []
    for (let index = 0; index < 20; index++) {
      elsewhere()
      challenges.push(await challengeOf(gateway, person))
    }
    const answers = await aCrowd((index) =>
      complete(index % 2 === 0 ? gateway : other, { challenge: challenges[index]!, code: code() }),
    )
    expect(statuses(answers, 200)).toBe(1)
  })

  it.each([
    [-2, 401],
    [-1, 200],
    [0, 200],
    [1, 200],
    [2, 401],
  ])('takes a code that is %i steps from now with %i', async (steps, status) => {
    const challenge = await challengeOf(gateway, person)
    expect((await complete(gateway, { challenge, code: code(steps) })).status).toBe(status)
  })

  it('takes no code that is older than one it took', async () => {
    expect(
      (await complete(gateway, { challenge: await challengeOf(gateway, person), code: code(1) })).status,
    ).toBe(200)
    for (const steps of [1, 0, -1]) {
      const answer = await complete(gateway, {
        challenge: await challengeOf(gateway, person),
        code: code(steps),
      })
      expect([steps, answer.status]).toEqual([steps, 401])
    }
  })

  it('is no sign-in before the code: the challenge opens no route and brings no token', async () => {
    const challenge = await challengeOf(gateway, person)
    for (const path of ['/api/v1/me', '/api/v1/me/factors', '/api/v1/roles', '/nope']) {
      expect((await gateway.call('GET', path, { token: challenge })).status).toBe(401)
    }
    const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: challenge } })
    const machine = await gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: challenge } })
    expect([refreshed.status, machine.status]).toEqual([401, 401])
    const sessions = await gateway.database.query('select aal from sessions where user_id = $1', [person.id])
    expect(sessions).toEqual([{ aal: 1 }])
  })

  it('ends after ten minutes, with the code right or wrong', async () => {
    const last = await challengeOf(gateway, person)
    gateway.pass(599)
    expect((await complete(gateway, { challenge: last, code: code() })).status).toBe(200)
    const over = await challengeOf(gateway, person)
    gateway.pass(600)
    const answer = await complete(gateway, { challenge: over, code: code() })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_challenge'])
  })

  it('ends with its success', async () => {
    const challenge = await challengeOf(gateway, person)
    await complete(gateway, { challenge, code: code() })
    gateway.pass(60)
    const replayed = await complete(gateway, { challenge, code: code() })
    expect([replayed.status, replayed.body.error.code]).toEqual([401, 'invalid_challenge'])
  })

  it('ends when the account changes, as by a lock', async () => {
    const challenge = await challengeOf(gateway, person)
    await gateway.database.query(
      'update users set disabled_at = now(), version = version + 1 where id_user = $1',
      [person.id],
    )
    const answer = await complete(gateway, { challenge, code: code() })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_challenge'])
  })

  it.each(['', 'gsc_', 'x'.repeat(5000), `gsc_${'0'.repeat(66)}`])(
    'knows no challenge like %j',
    async (challenge) => {
      const answer = await complete(gateway, { challenge, code: code() })
      expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_challenge'])
    },
  )

  it('takes no method that was not offered, and no challenge of somebody else with one’s own code', async () => {
    const challenge = await challengeOf(gateway, person)
    const answer = await complete(gateway, { challenge, method: 'email', code: '123456' })
    expect([answer.status, answer.body.error.details[0].field]).toEqual([400, 'method'])
    const stranger = await aPerson(gateway)
    const theirs = await withApp(gateway, stranger, (await signedIn(gateway, stranger)).access)
    const crossed = await complete(gateway, {
      challenge: await challengeOf(gateway, person),
      code: appCode(gateway, theirs.secret),
    })
    expect([crossed.status, crossed.body.error.code]).toEqual([401, 'invalid_code'])
  })

  it('stands in the history of its owner, right and wrong', async () => {
    const challenge = await challengeOf(gateway, person)
    await complete(gateway, { challenge, code: wrongCode(gateway, app.secret) })
    await complete(gateway, { challenge, code: code() })
    const rows = await gateway.database.query(
      'select method, outcome from sign_ins where user_id = $1 order by at, outcome desc',
      [person.id],
    )
    expect(rows).toEqual(
      expect.arrayContaining([
        { method: 'totp', outcome: 'wrong' },
        { method: 'totp', outcome: 'success' },
      ]),
    )
  })
})

describe('wrong codes', () => {
  it('are looked at five times at most of two hundred at once, whatever the instance', async () => {
    const challenge = await challengeOf(gateway, person)
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        complete(index % 2 === 0 ? gateway : other, { challenge, code: wrongCode(gateway, app.secret) }),
      ),
    )
    expect([statuses(answers, 401), statuses(answers, 429)]).toEqual([5, 195])
    const delayed = answers.find(({ status }) => status === 429)!
    expect([delayed.body.error.code, delayed.headers.get('retry-after')]).toEqual(['login_delayed', '1'])
  })

  it('are no fewer with a new challenge: the account waits, twice as long each time', async () => {
    const spoil = async () => {
      elsewhere()
      const challenge = await challengeOf(gateway, person)
      return complete(gateway, { challenge, code: wrongCode(gateway, app.secret) })
    }
    for (let index = 0; index < 5; index++) expect((await spoil()).status).toBe(401)
    for (const seconds of [1, 2, 4, 8]) {
      const early = await spoil()
      expect([early.status, early.headers.get('retry-after')]).toEqual([429, String(seconds)])
      gateway.pass(seconds)
      expect((await spoil()).status).toBe(401)
    }
    gateway.pass(16)
    elsewhere()
    const right = await complete(gateway, { challenge: await challengeOf(gateway, person), code: code() })
    expect(right.status).toBe(200)
    expect((await spoil()).status).toBe(401)
  })

  it('use a challenge up, after which the right one comes too late', async () => {
    const challenge = await challengeOf(gateway, person)
    for (let index = 0; index < 5; index++) {
      await complete(gateway, { challenge, code: wrongCode(gateway, app.secret) })
    }
    gateway.pass(1)
    const answer = await complete(gateway, { challenge, code: code() })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_challenge'])
  })
})

describe('recovery codes', () => {
  const recover = (challenge: string, text: string) =>
    complete(gateway, { challenge, method: 'recovery_code', code: text })

  it('are ten, and kept as hashes alone', async () => {
    expect(app.recoveryCodes).toHaveLength(10)
    expect(new Set(app.recoveryCodes).size).toBe(10)
    for (const text of app.recoveryCodes)
      expect(text).toMatch(/^[2-9a-hj-km-np-z]{4}(?:-[2-9a-hj-km-np-z]{4}){5}$/)
    const rows = await gateway.database.query('select * from recovery_codes where user_id = $1', [person.id])
    const kept = JSON.stringify(rows)
    expect(rows).toHaveLength(10)
    for (const text of app.recoveryCodes) expect(kept).not.toContain(text.replaceAll('-', ''))
  })

  it('stand in for the app once each, however they are typed, and a mail tells of it', async () => {
    const [first = '', second = ''] = app.recoveryCodes
    const typed = first.toUpperCase().replaceAll('-', ' ')
    const answer = await recover(await challengeOf(gateway, person), ` ${typed} `)
    expect([answer.status, claimsOf(answer.body.data.access)['amr']]).toEqual([
      200,
      ['pwd', 'recovery_code', 'mfa'],
    ])
    const again = await recover(await challengeOf(gateway, person), first)
    expect([again.status, again.body.error.code]).toEqual([401, 'invalid_code'])
    expect((await recover(await challengeOf(gateway, person), second)).status).toBe(200)
    const told = (await mailsOf(gateway)).filter(
      ({ kind, to }) => kind === 'recovery-code-used' && to === person.email,
    )
    expect(told.map(({ facts }) => facts.left)).toEqual([9, 8])
  })

  it('are taken once of twenty at once', async () => {
    const challenges: string[] = []
    for (let index = 0; index < 20; index++) {
      elsewhere()
      challenges.push(await challengeOf(gateway, person))
    }
    const answers = await aCrowd((index) => recover(challenges[index]!, app.recoveryCodes[0]!))
    expect(statuses(answers, 200)).toBe(1)
  })

  it('are of one person, and none of another', async () => {
    const stranger = await aPerson(gateway)
    const theirs = await withApp(gateway, stranger, (await signedIn(gateway, stranger)).access)
    const answer = await recover(await challengeOf(gateway, person), theirs.recoveryCodes[0]!)
    expect(answer.status).toBe(401)
  })

  it('are renewed all at once, with a code, and the old ones are over', async () => {
    const json = { password: person.password, code: code() }
    const renewed = await gateway.call('POST', '/api/v1/me/recovery-codes', { token: access, json })
    expect([renewed.status, renewed.body.data.recovery_codes.length]).toEqual([201, 10])
    const [fresh] = renewed.body.data.recovery_codes
    expect((await recover(await challengeOf(gateway, person), app.recoveryCodes[0]!)).status).toBe(401)
    expect((await recover(await challengeOf(gateway, person), fresh)).status).toBe(200)
  })
})

describe('no other path', () => {
  it('keeps a session that was opened before the first factor, but the one that set it up', async () => {
    const stranger = await aPerson(gateway)
    const tokens = await signedIn(gateway, stranger)
    const old = await signedIn(gateway, stranger)
    await withApp(gateway, stranger, tokens.access)
    const ask = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status
    expect([await ask(tokens.access), await ask(old.access)]).toEqual([200, 401])
    const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', { json: { refresh: old.refresh } })
    expect(refreshed.status).toBe(401)
  })

  it('is a password that is reset: the second factor is still asked for, by its codes of before', async () => {
    const { email } = person
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email } })
    const token = await mailedToken(gateway, 'password-reset', email)
    const json = { token, password: 'quite another password' }
    const reset = await gateway.call('POST', '/api/v1/auth/password/reset', { json })
    expect([reset.status, reset.body.data]).toEqual([200, { reset: true }])
    const challenge = await challengeOf(gateway, { email, password: json.password })
    expect((await complete(gateway, { challenge, code: code() })).status).toBe(200)
  })

  it('is left open by a challenge from before a reset', async () => {
    const { email } = person
    const challenge = await challengeOf(gateway, person)
    await gateway.call('POST', '/api/v1/auth/password/forgot', { json: { email } })
    const token = await mailedToken(gateway, 'password-reset', email)
    const json = { token, password: 'quite another password' }
    expect((await gateway.call('POST', '/api/v1/auth/password/reset', { json })).status).toBe(200)
    const answer = await complete(gateway, { challenge, code: code() })
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_challenge'])
  })

  it('lets a session of one factor change address, password or account by the password', async () => {
    const { password } = person
    const calls = [
      ['POST', '/me/email', { email: 'thief@example.com', password }],
      ['POST', '/me/password', { current_password: password, new_password: 'quite another password' }],
      ['DELETE', '/me', { password }],
    ] as const
    for (const [method, path, json] of calls) {
      const answer = await gateway.call(method, `/api/v1${path}`, { token: access, json })
      expect([path, answer.status, answer.body.error?.code]).toEqual([path, 403, 'second_factor_required'])
    }
    const challenge = await challengeOf(gateway, person)
    const two = (await complete(gateway, { challenge, code: code() })).body.data.access
    const [, , change] = calls[1]
    const changed = await gateway.call('POST', '/api/v1/me/password', { token: two, json: change })
    expect(changed.status).toBe(200)
  })

  it('brings a session with two factors: one from before keeps its one through every refresh', async () => {
    const stranger = await aPerson(gateway)
    const tokens = await signedIn(gateway, stranger)
    await withApp(gateway, stranger, tokens.access)
    const refreshed = await gateway.call('POST', '/api/v1/auth/refresh', {
      json: { refresh: tokens.refresh },
    })
    expect(claimsOf(refreshed.body.data.access)['aal']).toBe(1)
  })
})
