import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anAddress, aPassword, aPerson, mailedToken, mailsOf } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
beforeEach(() => gateway.comeFrom(`198.51.100.${++site}`))

const register = (json: unknown, to = gateway) => to.call('POST', '/api/v1/auth/register', { json })
const confirm = (token: string) => gateway.call('POST', '/api/v1/auth/email/confirm', { json: { token } })
const login = (identifier: string, password = aPassword) =>
  gateway.call('POST', '/api/v1/auth/login', { json: { identifier, password } })
const usersNamed = async (email: string) =>
  gateway.database.query('select * from users where email = $1', [email])

describe('registration', () => {
  it('makes an account of the role user, and mails a link that confirms the address', async () => {
    const email = anAddress()
    const answer = await register({
      email,
      password: aPassword,
      username: 'Ada.L',
      name: 'Ada',
      surname: 'Lovelace',
      phone: '+33 1 23 45 67 89',
      locale: 'fr',
      avatar_url: 'https://example.com/ada.png',
      metadata: { theme: 'dark' },
    })
    expect([answer.status, answer.body.data]).toEqual([202, { email, confirmation: 'required' }])
    expect([(await login(email)).status, (await login(email)).body.error.code]).toEqual([
      403,
      'email_unconfirmed',
    ])
    const [mail] = (await mailsOf(gateway)).filter(({ to }) => to === email)
    expect(mail).toMatchObject({ kind: 'email-confirm', locale: 'fr' })
    expect((await confirm(mail?.facts.token)).body.data).toEqual({ confirmed: true })
    const signedIn = await login(email)
    expect(signedIn.status).toBe(200)
    const me = await gateway.call('GET', '/api/v1/me', { token: signedIn.body.data.access })
    expect(me.body.data.user).toMatchObject({
      email,
      username: 'Ada.L',
      name: 'Ada',
      surname: 'Lovelace',
      phone: '+33 1 23 45 67 89',
      locale: 'fr',
      avatar_url: 'https://example.com/ada.png',
      metadata: { theme: 'dark' },
      role: 'user',
      email_confirmed_at: gateway.world.now().toISOString(),
    })
    expect((await login('aDA.l')).status).toBe(200)
  })

  it('keeps no password and no token of a link in the database', async () => {
    const email = anAddress()
    await register({ email, password: aPassword })
    const token = await mailedToken(gateway, 'email-confirm', email)
    const tables = ['users', 'one_time_tokens', 'mail_outbox', 'audit_events', 'sign_ins']
    for (const table of tables) {
      const rows = JSON.stringify(await gateway.database.query(`select * from ${table}`))
      expect(rows).not.toContain(aPassword)
      expect(rows).not.toContain(token)
    }
    const [user] = await usersNamed(email)
    expect(user?.['password_hash']).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
  })

  it('answers a known address as an unknown one, and tells its owner by mail alone', async () => {
    const known = await aPerson(gateway)
    const [before] = await usersNamed(known.email)
    const answers = [
      await register({ email: known.email, password: 'another long password' }),
      await register({ email: anAddress(), password: 'another long password' }),
    ]
    const [first, second] = answers.map(({ status, headers, body }) => ({
      status,
      names: [...headers.keys()].sort(),
      data: { ...body.data, email: typeof body.data.email },
    }))
    expect(first).toEqual(second)
    expect(await usersNamed(known.email)).toEqual([before])
    expect((await login(known.email)).status).toBe(200)
    const kinds = (await mailsOf(gateway)).filter(({ to }) => to === known.email).map(({ kind }) => kind)
    expect(kinds).toEqual(['email-confirm', 'email-known'])
  })

  it('answers a known address as an unknown one also where the user name or the password is refused', async () => {
    const known = await aPerson(gateway, { username: 'taken-name' })
    for (const email of [known.email, anAddress()]) {
      const named = await register({ email, password: aPassword, username: 'Taken-Name' })
      expect([named.status, named.body.error.code]).toEqual([409, 'username_taken'])
      const short = await register({ email, password: 'short' })
      expect([short.status, short.body.error.code]).toEqual([422, 'password_unacceptable'])
    }
  })

  it('does as much work for a known address as for an unknown one', async () => {
    const known = await aPerson(gateway)
    const counted = async (email: string) => {
      const before = await rows()
      await register({ email, password: aPassword })
      const after = await rows()
      return after.map((count, index) => count - (before[index] ?? 0))
    }
    const rows = async () => {
      const [counts] = await gateway.database.query(
        `select (select count(*)::int from mail_outbox) as mails,
          (select count(*)::int from audit_events where kind like 'user.register%') as events`,
      )
      return [Number(counts?.['mails']), Number(counts?.['events'])]
    }
    expect(await counted(known.email)).toEqual([1, 1])
    expect(await counted(anAddress())).toEqual([1, 1])
  })

  it('mails one address no more than five times an hour, and answers on', async () => {
    const { id, email } = await aPerson(gateway)
    for (let times = 0; times < 8; times++) {
      expect((await register({ email, password: aPassword })).status).toBe(202)
    }
    // Also those that a newer one has made void.
    const sent = await gateway.database.query('select kind from mail_outbox where user_id = $1', [id])
    expect(sent).toHaveLength(5)
  })

  it.each([
    ['role', 'admin'],
    ['role_id', crypto.randomUUID()],
    ['permissions', ['*']],
    ['id', crypto.randomUUID()],
    ['email_confirmed', true],
    ['email_confirmed_at', '2026-01-01T00:00:00Z'],
    ['created_at', '2026-01-01T00:00:00Z'],
    ['password_hash', 'x'],
    ['__proto__x', 1],
  ])('refuses the field %s, and makes no account', async (field, value) => {
    const email = anAddress()
    const answer = await register({ email, password: aPassword, [field]: value })
    expect([answer.status, answer.body.error.code]).toEqual([422, 'invalid_fields'])
    expect(await usersNamed(email)).toEqual([])
  })

  it.each([
    ['email', 'a＠b.example'],
    ['email', 'a@b@c.example'],
    ['email', 'a@b.example\r\nBcc: c@d.example'],
    ['email', `${'x'.repeat(250)}@a.example`],
    ['email', 7],
    ['username', 'x@y'],
    ['username', 'a'],
    ['name', 'a\nb'],
    ['phone', 'call me'],
    ['locale', '../../etc'],
    ['avatar_url', 'javascript:alert(1)'],
    ['avatar_url', 'http://example.com/a.png'],
    ['metadata', { a: 'x'.repeat(17_000) }],
    ['metadata', { a: '\u0000' }],
    ['password', 7],
  ])('refuses %s as %j with its name', async (field, value) => {
    const answer = await register({ email: anAddress(), password: aPassword, [field]: value })
    expect(answer.status).toBe(422)
    expect(answer.body.error.details[0].field).toBe(field)
  })

  it('makes one account of fifty registrations of one address at once, however it is written', async () => {
    const email = 'one.of.fifty@example.com'
    const spellings = [email, email.toUpperCase(), 'ＯＮＥ.of.fifty@example.com', 'One.Of.Fifty@EXAMPLE.com']
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        return register({ email: spellings[index % spellings.length], password: `${aPassword} ${index}` })
      }),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(await usersNamed(email)).toHaveLength(1)
    const mails = (await mailsOf(gateway)).filter(({ to }) => to === email)
    expect(mails.filter(({ kind }) => kind === 'email-confirm')).toHaveLength(1)
  })

  it('gives one user name to one of twenty who want it at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        register({ email: anAddress(), password: aPassword, username: index % 2 ? 'wanted' : 'WANTED' }),
      ),
    )
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
  })

  it('is asked of one site no more than a hundred times an hour', async () => {
    const other = await createTestGateway()
    try {
      const answers = await Promise.all(
        Array.from({ length: 101 }, () =>
          other.call('POST', '/api/v1/auth/email/resend', { json: { email: anAddress() } }),
        ),
      )
      const limited = answers.filter(({ status }) => status === 429)
      expect(limited).toHaveLength(1)
      expect(limited[0]?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
    } finally {
      await other.close()
    }
  })

  it('is closed where the operator says so', async () => {
    const closed = await createTestGateway({
      policy: { accounts: { ...the('required'), registration: 'closed' } },
    })
    try {
      const answer = await register({ email: anAddress(), password: aPassword }, closed)
      expect([answer.status, answer.body.error.code]).toEqual([403, 'registration_closed'])
    } finally {
      await closed.close()
    }
  })

  it.each(['optional', 'off'] as const)('lets people in at once where confirmation is %s', async (how) => {
    const easy = await createTestGateway({ policy: { accounts: the(how) } })
    try {
      const email = anAddress()
      const answer = await register({ email, password: aPassword }, easy)
      expect(answer.body.data.confirmation).toBe(how)
      const json = { identifier: email, password: aPassword }
      expect((await easy.call('POST', '/api/v1/auth/login', { json })).status).toBe(200)
      expect((await mailsOf(easy)).map(({ kind }) => kind)).toEqual(how === 'off' ? [] : ['email-confirm'])
    } finally {
      await easy.close()
    }
  })
})

const the = (emailConfirmation: 'required' | 'optional' | 'off') =>
  ({ registration: 'open', emailConfirmation, passwordMinLength: 15, secondFactorRoles: [] }) as const

describe('the link that confirms an address', () => {
  const registered = async () => {
    const email = anAddress()
    await register({ email, password: aPassword })
    return { email, token: await mailedToken(gateway, 'email-confirm', email) }
  }

  it('works once of twenty who follow it at once', async () => {
    const { token } = await registered()
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const refused = answers.filter(({ status }) => status === 401)
    expect(refused).toHaveLength(19)
    expect(refused[0]?.body.error.code).toBe('invalid_link')
  })

  it('is void after a day, and not before', async () => {
    const [late, soon] = [await registered(), await registered()]
    gateway.pass(86_399)
    expect((await confirm(soon.token)).status).toBe(200)
    gateway.pass(1)
    expect((await confirm(late.token)).status).toBe(401)
  })

  it('is void when another one is sent, which goes only to who waits for one', async () => {
    const waiting = await registered()
    const confirmed = await aPerson(gateway)
    const resend = (email: string) => gateway.call('POST', '/api/v1/auth/email/resend', { json: { email } })
    const before = new Set((await mailsOf(gateway)).map(({ facts }) => facts.token))
    const answers = []
    for (const email of [waiting.email, confirmed.email, anAddress()]) answers.push(await resend(email))
    for (const { status, body } of answers) expect([status, body.data]).toEqual([202, {}])
    const sent = (await mailsOf(gateway)).filter(({ facts }) => !before.has(facts.token))
    expect(sent.map(({ to }) => to)).toEqual([waiting.email])
    expect((await confirm(waiting.token)).status).toBe(401)
    const newer = await mailedToken(gateway, 'email-confirm', waiting.email)
    expect((await confirm(newer)).status).toBe(200)
  })

  it('is not taken for one of another purpose, nor one that is altered', async () => {
    const { email, token } = await registered()
    await gateway.database.query(
      `update one_time_tokens set purpose = 'password-reset' where email = '${email}'`,
    )
    expect((await confirm(token)).status).toBe(401)
    await gateway.database.query(
      `update one_time_tokens set purpose = 'email-confirm' where email = '${email}'`,
    )
    for (const other of [`${token}x`, token.toUpperCase(), '', 'got_x', 'x'.repeat(10_000)]) {
      expect((await confirm(other)).status).toBe(401)
    }
    expect((await confirm(token)).status).toBe(200)
  })

  it('confirms no address but the one that it was mailed to', async () => {
    const { email, token } = await registered()
    await gateway.database.query(`update users set email = 'changed-${email}' where email = '${email}'`)
    expect((await confirm(token)).status).toBe(401)
  })
})
