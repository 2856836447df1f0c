import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SigningKeyRecord } from '../../../src/core/tokens/signing-key-state.ts'
import { checkKeyAges, judgeSigningKeyAges } from '../../../src/runtime/cli/checks/key-age-checks.ts'
import { type OpenDatabase, openPostgres } from '../../../src/runtime/postgres.ts'
import { migratedDatabase, type TestDatabase } from '../../support/database.ts'

const now = new Date('2026-06-01T12:00:00.000Z')
const daysFromNow = (days: number) => new Date(now.getTime() + days * 86_400_000)

describe('the check of the ages of signing keys', () => {
  const key = (changes: Partial<SigningKeyRecord> = {}): SigningKeyRecord => ({
    kid: crypto.randomUUID(),
    algorithm: 'ES256',
    publicJwk: { kty: 'EC' },
    sealedPrivateJwk: 'sealed',
    origin: 'made',
    createdAt: daysFromNow(-10),
    activeFrom: daysFromNow(-10),
    retiresAt: undefined,
    goneAt: undefined,
    ...changes,
  })
  const monthly = { signingKeyRotationDays: 30 }
  const judged = (...records: readonly SigningKeyRecord[]) => judgeSigningKeyAges(records, monthly, now)

  it('is content while a gateway rotates, and warns when it is a day late', () => {
    expect(judged(key())).toMatchObject({
      status: 'ok',
      finding: 'One signs (ES256, 10 days); 0 more are known.',
    })
    expect(judged(key({ activeFrom: daysFromNow(-31) })).status).toBe('ok')
    const late = judged(key({ activeFrom: daysFromNow(-31.01) }))
    expect(late).toMatchObject({ status: 'warn', remedy: expect.stringContaining('30 days') })
  })

  it('tells of the next one, which makes up for the age of the one before', () => {
    const old = key({ activeFrom: daysFromNow(-40), retiresAt: daysFromNow(0.01), goneAt: daysFromNow(1) })
    const next = key({ activeFrom: daysFromNow(0.01) })
    expect(judged(old, next)).toMatchObject({ status: 'ok' })
    expect(judged(old, next).finding).toContain(`the next one from ${next.activeFrom?.toISOString()}`)
  })

  it('warns of one that ends and that none follows, or too late', () => {
    const ending = key({ retiresAt: daysFromNow(2), goneAt: daysFromNow(3) })
    expect(judged(ending)).toMatchObject({ status: 'warn', remedy: expect.stringContaining('none follows') })
    expect(judged(ending, key({ activeFrom: daysFromNow(2) })).status).toBe('ok')
    expect(judged(ending, key({ activeFrom: daysFromNow(2.1) })).status).toBe('warn')
  })

  it('fails where none signs any more, and warns where there never was one', () => {
    const gone = key({ retiresAt: daysFromNow(-2), goneAt: daysFromNow(-1) })
    const trusted = key({ activeFrom: undefined, sealedPrivateJwk: undefined, origin: 'trusted' })
    expect([judged(gone).status, judged(gone, trusted).status, judged().status]).toEqual([
      'fail',
      'fail',
      'warn',
    ])
  })

  it('asks after a year about those that no gateway rotates', () => {
    const brought = (days: number) => key({ origin: 'imported', activeFrom: daysFromNow(-days) })
    expect([judged(brought(364)).status, judged(brought(366)).status]).toEqual(['ok', 'warn'])
    const byHand = { signingKeyRotationDays: 0 }
    const old = key({ activeFrom: daysFromNow(-366) })
    expect(judgeSigningKeyAges([old], byHand, now).status).toBe('warn')
  })
})

describe('the check of the ages of API keys', () => {
  let database: TestDatabase
  let opened: OpenDatabase
  let clientId: string

  beforeAll(async () => {
    database = await migratedDatabase()
    opened = openPostgres(
      { url: database.url, poolMax: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 },
      () => {},
    )
    clientId = crypto.randomUUID()
    await database.query(
      `insert into clients (id, name, permissions, created_at) values ($1, 'ages', '{}', $2)`,
      [clientId, daysFromNow(-400)],
    )
  })

  afterAll(async () => {
    await opened.close()
    await database.drop()
  })

  const columns = ['created_at', 'expires_at', 'revoked_at', 'disabled_at', 'retires_at', 'canary'] as const
  type Changes = Partial<Record<(typeof columns)[number], Date | boolean>> & { readonly used_at?: Date }

  async function insertKey({ used_at, ...changes }: Changes): Promise<void> {
    const id = crypto.randomUUID()
    const row = { created_at: daysFromNow(-400), canary: false, ...changes }
    const names = Object.keys(row)
    const places = names.map((_, at) => `$${at + 3}`)
    await database.query(
      `insert into api_keys (id, client_id, name, prefix, permissions, digest, version, ${names.join(', ')})
       values ($1, $2, 'a key', 'gk', '{}', 'id.digest', 1, ${places.join(', ')})`,
      [id, clientId, ...Object.values(row)],
    )
    if (used_at === undefined) return
    await database.query('insert into key_usage (key_id, count, last_used_at) values ($1, 1, $2)', [
      id,
      used_at,
    ])
  }

  const counted = async () => {
    const { status, finding } = await checkKeyAges(opened, now)
    const [, ...counts] = /^(\d+) can be used; (\d+) end within 14 days, (\d+) /.exec(finding) ?? []
    return [status, ...counts.map(Number)]
  }

  it('counts those that end within 14 days and those unused for 90, to the day, and names none', async () => {
    const today = daysFromNow(0)
    expect(await counted()).toEqual(['ok', 0, 0, 0])
    await insertKey({ used_at: daysFromNow(-89), expires_at: daysFromNow(15) })
    await insertKey({ created_at: daysFromNow(-89) })
    expect(await counted()).toEqual(['ok', 2, 0, 0])
    await insertKey({ used_at: today, expires_at: daysFromNow(13) })
    expect(await counted()).toEqual(['warn', 3, 1, 0])
    await insertKey({ used_at: daysFromNow(-91) })
    await insertKey({})
    expect(await counted()).toEqual(['warn', 5, 1, 2])
  })

  it('leaves out what cannot be used, what is being replaced, and baits', async () => {
    const before = await counted()
    const today = daysFromNow(0)
    await insertKey({ revoked_at: today })
    await insertKey({ disabled_at: today })
    await insertKey({ retires_at: daysFromNow(3) })
    await insertKey({ expires_at: daysFromNow(-1) })
    await insertKey({ canary: true })
    expect(await counted()).toEqual(before)
  })
})
