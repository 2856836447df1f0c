import { argon2Sync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anAddress, aPassword, aPerson, type PersonSeen, signedIn } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let ada: PersonSeen
beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

let site = 0
const elsewhere = () => `203.0.113.${++site}`
beforeEach(async () => {
  gateway.comeFrom(elsewhere())
  ada = await aPerson(gateway)
})

const login = (identifier: string, password = aPassword, at = gateway) =>
  at.call('POST', '/api/v1/auth/login', { json: { identifier, password } })
const wrong = (identifier: string, at = gateway) => login(identifier, 'not the password of it', at)
const statuses = async (times: number, ask: () => Promise<{ readonly status: number }>) => {
  const seen: number[] = []
  for (let time = 0; time < times; time++) seen.push((await ask()).status)
  return seen
}
const set = (assignment: string) =>
  gateway.database.query(`update users set ${assignment}, version = version + 1 where id_user = '${ada.id}'`)

describe('signing in', () => {
  it('answers tokens with their times, which nobody may keep', async () => {
    const answer = await login(ada.email.toUpperCase())
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.body.data).sort()).toEqual([
      'access',
      'access_expire',
      'refresh',
      'refresh_expire',
      'token_type',
    ])
    const nowMs = Math.floor(gateway.world.now().getTime() / 1000) * 1000
    expect(Date.parse(answer.body.data.access_expire) - nowMs).toBe(1_800_000)
    expect(Date.parse(answer.body.data.refresh_expire) - nowMs).toBe(86_400_000)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('answers a wrong password and an unknown person alike', async () => {
    const answers = [
      await wrong(ada.email),
      await wrong(anAddress()),
      await wrong('nobody-here'),
      await wrong('a@b@c'),
      await wrong(''),
    ]
    const seen = answers.map(({ status, body, headers }) => ({
      status,
      error: body.error,
      names: [...headers.keys()].sort(),
      challenge: headers.get('www-authenticate'),
    }))
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(seen[0]).toMatchObject({ status: 401, error: { code: 'invalid_credentials' } })
  })

  it('verifies a password whether or not there is one to compare', async () => {
    const compared: (string | undefined)[] = []
    const { passwords } = gateway.world
    const { verify } = passwords
    const watched: typeof verify = (password, hash) => {
      compared.push(hash)
      return verify(password, hash)
    }
    Object.assign(passwords, { verify: watched })
    await set('password_hash = null')
    for (const identifier of [ada.email, anAddress(), 'nobody', 'x'.repeat(5000)]) await wrong(identifier)
    await login(anAddress(), 'x'.repeat(3000))
    Object.assign(passwords, { verify })
    // Of no hash it makes one: tests/runtime/passwords.test.ts.
    expect(compared).toEqual(Array(5).fill(undefined))
  })

  it('takes a password to its last byte, as it came', async () => {
    const password = `${'x'.repeat(72)}\u0000é `
    const person = await aPerson(gateway, { password })
    expect((await login(person.email, password)).status).toBe(200)
    for (const other of [
      `${'x'.repeat(72)}\u0000é`,
      `${'x'.repeat(72)}\u0000`,
      'x'.repeat(72),
      `${'x'.repeat(72)}\u0000e\u0301 `,
    ]) {
      gateway.comeFrom(elsewhere())
      expect((await login(person.email, other)).status).toBe(401)
    }
  })

  it('tells only who has the password that the account is disabled, deleted or awaits another password', async () => {
    for (const [assignment, status, code] of [
      ['disabled_at = now()', 401, 'user_disabled'],
      ['disabled_at = null, must_reset_password = true', 403, 'password_reset_due'],
      ['must_reset_password = false, deleted_at = now()', 401, 'user_deleted'],
    ] as const) {
      await set(assignment)
      const right = await login(ada.email)
      expect([right.status, right.body.error.code]).toEqual([status, code])
      expect((await wrong(ada.email)).body.error.code).toBe('invalid_credentials')
    }
  })

  it('refuses fields that it does not know', async () => {
    const json = { identifier: ada.email, password: aPassword, aal: 2 }
    expect((await gateway.call('POST', '/api/v1/auth/login', { json })).status).toBe(422)
  })

  it('leaves a row for its owner, and one in the audit log, each with the request', async () => {
    await wrong(ada.email)
    const answer = await login(ada.email)
    const rows = await gateway.world.store.listSignIns(ada.id, { limit: 10, before: undefined })
    expect(rows.map(({ outcome, method }) => `${method} ${outcome}`).sort()).toEqual([
      'password success',
      'password wrong',
    ])
    const [event] = await gateway.world.store.listAuditEvents(
      { kind: 'sign-in', userId: ada.id },
      { limit: 10, before: undefined },
    )
    expect(event).toMatchObject({ clientId: 'guichet', requestId: answer.body.meta.request_id })
    expect(gateway.requestLines.at(-1)).toMatchObject({ userId: ada.id, keyId: undefined })
  })

  it('renews the hash of a password that was made with older parameters', async () => {
    const parameters = { nonce: Buffer.alloc(16, 7), memory: 1024, passes: 1, parallelism: 1, tagLength: 32 }
    const tag = argon2Sync('argon2id', { message: aPassword, ...parameters })
    const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')
    const older = `$argon2id$v=19$m=1024,t=1,p=1$${bare(parameters.nonce)}$${bare(tag)}`
    const hashOf = async () => {
      const [user] = await gateway.database.query('select * from users where id_user = $1', [ada.id])
      return [user?.['password_hash'], user?.['version']]
    }
    const [, version] = await hashOf()
    await gateway.database.query('update users set password_hash = $1 where id_user = $2', [older, ada.id])
    expect((await wrong(ada.email)).status).toBe(401)
    expect(await hashOf()).toEqual([older, version])
    expect((await login(ada.email)).status).toBe(200)
    expect(await hashOf()).toEqual([expect.stringContaining('$m=64,t=1,p=1$'), version])
    expect((await login(ada.email)).status).toBe(200)
  })
})

describe('attempts that fail', () => {
  it('are slowed down from the fifth on, by a second and twice as long each time', async () => {
    expect(await statuses(5, () => wrong(ada.email))).toEqual(Array(5).fill(401))
    for (const delaySeconds of [1, 2, 4, 8]) {
      const delayed = await wrong(ada.email)
      expect([delayed.status, delayed.body.error.code]).toEqual([429, 'login_delayed'])
      expect(delayed.headers.get('retry-after')).toBe(String(delaySeconds))
      expect(delayed.headers.get('ratelimit')).toBe(`"login";r=0;t=${delaySeconds}`)
      gateway.pass(delaySeconds - 1)
      if (delaySeconds > 1) expect((await wrong(ada.email)).status).toBe(429)
      gateway.pass(1)
      expect((await wrong(ada.email)).status).toBe(401)
    }
  })

  it('never wait longer than a quarter of an hour, and are forgotten after a day', async () => {
    await statuses(5, () => wrong(ada.email))
    for (let time = 0; time < 12; time++) {
      gateway.pass(900)
      expect((await wrong(ada.email)).status).toBe(401)
    }
    expect((await wrong(ada.email)).headers.get('retry-after')).toBe('900')
    gateway.pass(86_400)
    expect(await statuses(5, () => wrong(ada.email))).toEqual(Array(5).fill(401))
  })

  it('wait with the right password too, and are forgotten when it comes', async () => {
    await statuses(5, () => wrong(ada.email))
    expect((await login(ada.email)).status).toBe(429)
    gateway.pass(1)
    expect((await login(ada.email)).status).toBe(200)
    expect(await statuses(5, () => wrong(ada.email))).toEqual(Array(5).fill(401))
  })

  it('at an unknown account are slowed down as at a known one', async () => {
    const nobody = anAddress()
    expect(await statuses(6, () => wrong(nobody))).toEqual([401, 401, 401, 401, 401, 429])
    const name = 'nobody-at-all'
    expect(await statuses(6, () => wrong(name))).toEqual([401, 401, 401, 401, 401, 429])
    expect((await wrong(name.toUpperCase())).status).toBe(429)
  })

  it('count for the account by whatever name it is called', async () => {
    const person = await aPerson(gateway, { username: 'by-two-names' })
    await statuses(3, () => wrong(person.email))
    await statuses(2, () => wrong('By-Two-Names'))
    expect((await wrong(person.email)).status).toBe(429)
  })

  it('are never more than five of two hundred at once on two instances', async () => {
    const other = await createTestGateway({ database: gateway.database })
    try {
      const address = elsewhere()
      gateway.comeFrom(address)
      other.comeFrom(address)
      const at = Date.parse(gateway.world.now().toISOString()) - other.world.now().getTime()
      other.pass(at / 1000)
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) => wrong(ada.email, index % 2 === 0 ? gateway : other)),
      )
      const count = (status: number) => answers.filter((answer) => answer.status === status).length
      expect(count(401)).toBe(5)
      // On a machine that is busy the database may keep some waiting for too long: they are told so.
      expect(count(429) + count(503)).toBe(195)
      expect((await login(ada.email, aPassword, other)).status).toBe(429)
    } finally {
      await other.close()
    }
  }, 30_000)

  it('of a stranger do not keep the owner out, wherever they come from', async () => {
    const home = elsewhere()
    gateway.comeFrom(home)
    await signedIn(gateway, ada)
    // A stranger at many addresses, until the account as a whole is slow.
    for (let stranger = 0; stranger < 12; stranger++) {
      gateway.comeFrom(`2001:db8:${stranger}::1`)
      await statuses(5, () => wrong(ada.email))
    }
    gateway.comeFrom('2001:db8:ffff::1')
    expect((await wrong(ada.email)).status).toBe(429)
    expect((await login(ada.email)).status).toBe(429)
    gateway.comeFrom(home)
    expect((await login(ada.email)).status).toBe(200)
  })

  it('of one stranger at one address do not slow down a new address of the owner', async () => {
    gateway.comeFrom(elsewhere())
    const seen = await statuses(100, () => wrong(ada.email))
    expect(seen.filter((status) => status === 401)).toHaveLength(5)
    gateway.comeFrom(elsewhere())
    expect((await login(ada.email)).status).toBe(200)
  })

  it('of one address at many accounts are slowed down from the fiftieth on', async () => {
    gateway.comeFrom(elsewhere())
    const seen = await statuses(52, () => wrong(anAddress()))
    expect(seen).toEqual([...Array(50).fill(401), 429, 429])
  })

  it('count an IPv6 network of a customer as one address', async () => {
    const hosts = ['2001:db8:9:9::1', '2001:DB8:9:9::2', '2001:db8:9:9:ffff::3']
    for (const [index, host] of [...hosts, ...hosts].entries()) {
      gateway.comeFrom(host)
      expect((await wrong(ada.email)).status).toBe(index < 5 ? 401 : 429)
    }
  })

  it('count callers without an address as one, and never let them pass uncounted', async () => {
    gateway.comeFrom(undefined)
    expect(await statuses(6, () => wrong(ada.email))).toEqual([401, 401, 401, 401, 401, 429])
    gateway.pass(86_400)
    expect((await login(ada.email)).status).toBe(200)
  })
})
