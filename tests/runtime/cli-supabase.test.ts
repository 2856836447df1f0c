import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { claimsIn } from '../support/supabase.ts'

let database: TestDatabase
let gateway: GatewayProcess
let command: GuichetCommand
let guichet: GuichetCommand['run']

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  const adminKey = await gateway.firstKey()
  command = await guichetCommand(() => ({ GUICHET_URL: gateway.url, GUICHET_API_KEY: adminKey }))
  guichet = command.run
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await command.remove()
})

const exchange = async (apiKey: string | undefined) => {
  const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  return status === 200 ? claimsIn(body.data.access).scope.split(' ') : body.error.code
}

const linesOf = (stdout: string) =>
  Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')),
  )

describe('guichet supabase keys', () => {
  const first: Record<string, string> = {}

  it('makes both keys once and prints them as environment lines, into a pipe too', async () => {
    const { code, stdout, stderr } = await guichet('supabase keys')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^SUPABASE_PUBLISHABLE_KEY=sb_publishable_[0-9A-Za-z]{46}\nSUPABASE_SECRET_KEY=sb_secret_[0-9A-Za-z]{46}\n$/,
    )
    Object.assign(first, linesOf(stdout))
    expect(await exchange(first['SUPABASE_PUBLISHABLE_KEY'])).toEqual(['supabase:anon'])
    expect(await exchange(first['SUPABASE_SECRET_KEY'])).toEqual(['supabase:service_role'])
  })

  it('says at the second call that they are there, and shows no key again', async () => {
    const { code, stdout, stderr } = await guichet('supabase keys')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('--rotate')
    expect(stderr).toContain('supabase-secret')
    for (const key of Object.values(first)) expect(stderr).not.toContain(key)
  })

  it('rotates them when it is asked to: of the same kind, and the old ones stop as told', async () => {
    const { code, json } = await guichet('supabase keys --rotate --no-overlap --json')
    expect(code).toBe(0)
    expect(json.SUPABASE_SECRET_KEY).toMatch(/^sb_secret_/)
    expect(json.SUPABASE_PUBLISHABLE_KEY).toMatch(/^sb_publishable_/)
    expect(json.SUPABASE_SECRET_KEY).not.toBe(first['SUPABASE_SECRET_KEY'])
    expect(await exchange(first['SUPABASE_SECRET_KEY'])).toBe('api_key_retired')
    expect(await exchange(json.SUPABASE_SECRET_KEY)).toEqual(['supabase:service_role'])
    Object.assign(first, json)
  })

  it('replaces only the one that was revoked, and tells of the other', async () => {
    const key = first['SUPABASE_SECRET_KEY'] ?? ''
    await guichet(`keys revoke ${key.slice('sb_secret_'.length, 'sb_secret_'.length + 12)}`)
    const { code, stdout, stderr } = await guichet('supabase keys')
    expect(code).toBe(1)
    expect(Object.keys(linesOf(stdout))).toEqual(['SUPABASE_SECRET_KEY'])
    expect(stderr).toContain('supabase-publishable')
  })

  it('takes --overlap for wrong usage without --rotate', async () => {
    expect(await guichet('supabase keys --overlap 7d')).toMatchObject({ code: 2, stdout: '' })
  })
})
