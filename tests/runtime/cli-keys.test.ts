import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

let database: TestDatabase
let gateway: GatewayProcess
let command: GuichetCommand
let guichet: GuichetCommand['run']
const keys: string[] = []

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  const adminKey = await gateway.firstKey()
  keys.push(adminKey)
  command = await guichetCommand(() => ({ GUICHET_URL: gateway.url, GUICHET_API_KEY: adminKey }))
  guichet = command.run
  await guichet('clients create billing --permission orders:read --permission orders:write')
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await command.remove()
})

const exchange = (apiKey: string) => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
const me = async (token: string) => {
  const { status, body } = await call('GET', `${gateway.url}/api/v1/me`, { token })
  return body.error?.code ?? status
}

/** What was printed by a command that had to succeed. */
async function done(args: string, env = {}, input = '') {
  const ending = await guichet(args, env, input)
  expect([args, ending.code, ending.stderr]).toEqual([args, 0, ''])
  if (ending.json?.api_key !== undefined) keys.push(ending.json.api_key)
  return ending.json
}

const newKey = (options = '') => done(`keys create --client billing --name k ${options}`.trim())

describe('guichet keys create', () => {
  it('sets every limit that a key can have', async () => {
    const limits =
      '--allow-cidr 127.0.0.0/8 --allow-cidr ::1/128 --rate-limit 300/5m --quota 9 --metadata {"team":"ops"}'
    expect(await newKey(limits)).toMatchObject({
      state: 'active',
      allowed_cidrs: ['127.0.0.0/8', '::1/128'],
      rate_limit: { limit: 300, window_seconds: 300 },
      quota: 9,
      metadata: { team: 'ops' },
      canary: false,
    })
  })

  it('makes a bait that is marked as one and does not work', async () => {
    const { api_key } = await newKey('--canary')
    expect((await exchange(api_key)).body.error.code).toBe('invalid_api_key')
    const { stdout } = await guichet('keys list --client billing --table')
    expect(stdout).toContain('active, canary')
  })

  it('answers the same key to the same idempotency key', async () => {
    const first = await newKey('--idempotency-key order-1')
    expect(await newKey('--idempotency-key order-1')).toEqual(first)
    const other = await guichet('keys create --client billing --name other --idempotency-key order-1')
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('idempotency_key_reused') })
  })

  it.each([
    ['--rate-limit 100', 'It looks like 100/60s, 300/5m or 5000/1h.'],
    ['--rate-limit 0/60s', 'It looks like 100/60s, 300/5m or 5000/1h.'],
    ['--quota 0', 'It is a whole number of calls.'],
    ['--metadata [1]', 'It looks like {"team":"billing"}.'],
    ['--metadata {"a":', 'It looks like {"team":"billing"}.'],
  ])('is wrong usage with `%s`', async (option, message) => {
    const { code, stderr } = await guichet(`keys create --client billing --name k ${option}`)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('the life of a key on the command line', () => {
  it('shows a key with its use and limits, and never its text', async () => {
    const key = await newKey('--quota 5')
    await exchange(key.api_key)
    const shown = await done(`keys get ${key.id}`)
    expect(shown).toMatchObject({ id: key.id, quota: 5 })
    const table = await guichet(`keys get ${key.id} --table`)
    expect(table.stdout).toMatch(/\nclient {6}[0-9a-f-]{36}\nused {8}\S.*\nnetworks {4}all\n/)
    expect(table.stdout).not.toContain(key.api_key)
  })

  it('changes what is said, leaves the rest, and empties what is negated', async () => {
    const { id } = await newKey('--quota 5 --rate-limit 10/60s --allow-cidr 10.0.0.0/8 --expires-in 1d')
    expect(await done(`keys update ${id} --name staging --permission orders:read`)).toMatchObject({
      name: 'staging',
      permissions: ['orders:read'],
      quota: 5,
    })
    const emptied = await done(`keys update ${id} --no-quota --no-rate-limit --allow-anywhere --no-expiry`)
    expect(emptied).toMatchObject({
      name: 'staging',
      quota: null,
      rate_limit: null,
      allowed_cidrs: [],
      expires_at: null,
    })
    expect(await guichet(`keys update ${id}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Say what to change'),
    })
    expect((await guichet(`keys update ${id} --no-expiry --expires-in 1d`)).code).toBe(2)
  })

  it('rotates with an overlap, and retires the old key when it is forced', async () => {
    const old = await newKey()
    const successor = await done(`keys rotate ${old.id} --overlap 7d --idempotency-key turn-1`)
    expect(await done(`keys rotate ${old.id} --overlap 7d --idempotency-key turn-1`)).toEqual(successor)
    const retiring = await done(`keys get ${old.id}`)
    expect(retiring).toMatchObject({ state: 'retiring', successor_id: successor.id })
    const days = (Date.parse(retiring.retires_at) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.9)
    expect(days).toBeLessThan(7.1)
    expect((await exchange(old.api_key)).headers.get('sunset')).not.toBeNull()
    expect(await done(`keys retire ${old.id} --force`)).toMatchObject({ state: 'retired' })
    expect((await exchange(old.api_key)).body.error.code).toBe('api_key_retired')
    expect((await exchange(successor.api_key)).status).toBe(200)
  })

  it('rotates without an overlap', async () => {
    const old = await newKey()
    const table = await guichet(`keys rotate ${old.id} --no-overlap --table`)
    keys.push(/^gk_\w+$/m.exec(table.stdout)![0])
    expect(table.stdout).toContain('not shown again')
    expect((await exchange(old.api_key)).body.error.code).toBe('api_key_retired')
  })

  it('disables and enables', async () => {
    const key = await newKey()
    expect(await done(`keys disable ${key.id}`)).toMatchObject({ state: 'disabled' })
    expect((await exchange(key.api_key)).body.error.code).toBe('api_key_disabled')
    expect(await done(`keys enable ${key.id}`)).toMatchObject({ state: 'active' })
    expect((await exchange(key.api_key)).status).toBe(200)
  })

  it('revokes with a reason, and purges', async () => {
    const key = await newKey()
    expect(await done(`keys revoke ${key.id} --reason departed`)).toMatchObject({
      state: 'revoked',
      revoked_reason: 'departed',
    })
    await done(`keys revoke ${key.id} --purge`)
    const gone = await guichet(`keys get ${key.id}`)
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('key_not_found') })
  })

  it('surrenders the key of the environment, or of standard input, and of no argument', async () => {
    const [one, two] = [await newKey(), await newKey()]
    const byEnv = await done('keys surrender --reason mislaid', { GUICHET_API_KEY: one.api_key })
    expect(byEnv).toMatchObject({ id: one.id, state: 'revoked', revoked_reason: 'mislaid' })
    const byStdin = await done('keys surrender -', {}, `${two.api_key}\n`)
    expect(byStdin).toMatchObject({ id: two.id, revoked_reason: 'surrendered' })
    expect((await guichet(`keys surrender ${two.api_key}`)).code).toBe(2)
    expect((await guichet('keys surrender -', {}, 'gk_no')).code).toBe(2)
    expect((await guichet('keys surrender', { GUICHET_API_KEY: '' })).code).toBe(2)
  })
})

describe('sessions and tokens on the command line', () => {
  it('are listed by client or key, and ended one by one', async () => {
    const key = await newKey()
    const [first, second] = [await exchange(key.api_key), await exchange(key.api_key)]
    const sessions = await done(`sessions list --key ${key.id}`)
    expect(sessions).toHaveLength(2)
    const byClient = await done('sessions list --client Billing')
    expect(byClient.map(({ id }: { id: string }) => id)).toEqual(
      expect.arrayContaining(sessions.map(({ id }: { id: string }) => id)),
    )
    const { sid, jti } = decodeJwt<{ sid: string }>(first.body.data.access)
    expect(await done(`tokens end ${jti}`)).toEqual({ jti })
    expect(await me(first.body.data.access)).toBe('token_revoked')
    expect(await done(`sessions end ${sid}`)).toMatchObject({ id: sid, revoked_at: expect.any(String) })
    expect(await me(second.body.data.access)).toBe(200)
    const table = await guichet(`sessions list --key ${key.id} --table`)
    expect(table.stdout).toMatch(/^ID +KEY +STATE +CREATED +LAST USED +EXPIRES\n[0-9a-f-]{36} +\w{12} +live /)
    expect((await guichet(`tokens end ${first.body.data.access}`)).code).toBe(2)
  })

  it('all end with a cut-off of their client', async () => {
    await guichet('clients create crowd')
    const key = await done('keys create --client crowd --name k')
    const { access } = (await exchange(key.api_key)).body.data
    expect(await done('clients cut-off crowd')).toMatchObject({ name: 'crowd' })
    expect(await me(access)).toBe('token_revoked')
    expect((await guichet('sessions list --client crowd --table')).stdout).toBe(
      'There are no live sessions.\n',
    )
  })
})

describe('the help of the new commands', () => {
  it('ends with examples', async () => {
    const life = [
      'get',
      'update',
      'rotate',
      'retire',
      'disable',
      'enable',
      'revoke',
      'surrender',
      'scan',
      'rules',
    ]
    const others = ['sessions', 'sessions list', 'sessions end', 'tokens', 'tokens end', 'clients cut-off']
    for (const name of [...life.map((verb) => `keys ${verb}`), ...others]) {
      const { code, stdout } = await guichet(`${name} --help`)
      expect([name, code, /\nExamples?:\n {2}\$ /.test(stdout)]).toEqual([name, 0, true])
    }
  })
})

describe('a key in these commands', () => {
  it('never comes to stderr', () => {
    for (const key of keys) expect(command.complaints()).not.toContain(key)
    expect(command.complaints()).not.toMatch(/eyJ/)
  })
})
