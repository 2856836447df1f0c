import { describe, expect, it } from 'vitest'
import { newUser } from '../../../src/core/accounts/new-user.ts'
import type { User } from '../../../src/core/accounts/user.ts'
import { faceClaimsOf } from '../../../src/core/tokens/face-claims.ts'
import { parseSupabaseClaims, spellSupabaseClaims } from '../../../src/core/tokens/supabase-claims.ts'

const at = (seconds: number) => new Date((1_800_000_000 + seconds) * 1000)

const aUser = (changes: Partial<User> = {}): User => ({
  ...newUser(
    {
      email: 'ada@example.com',
      username: undefined,
      name: undefined,
      surname: undefined,
      phone: undefined,
      locale: undefined,
      avatarUrl: undefined,
      metadata: { team: 'engines' },
    },
    { id: 'user', roleId: 'role', passwordHash: undefined, now: at(0) },
  ),
  ...changes,
})

type Opened = Parameters<typeof faceClaimsOf>[0]
const opened = (changes: Partial<Opened> = {}): Opened => ({
  face: 'supabase',
  aal: 1,
  amr: ['pwd'],
  permissions: undefined,
  createdAt: at(0),
  authenticatedAt: at(0),
  ...changes,
})

describe('what a token says for its face', () => {
  it('is nothing where the face reads tokens of ours', () => {
    expect(faceClaimsOf(opened({ face: 'native' }), aUser())).toBeUndefined()
    expect(faceClaimsOf(opened({ face: 'mytone' }), aUser())).toBeUndefined()
  })

  it('names the methods as the clients know them, the newest first', () => {
    const session = opened({ amr: ['pwd', 'otp', 'mfa'], authenticatedAt: at(60) })
    expect(faceClaimsOf(session, aUser())?.methods).toEqual([
      { method: 'totp', timestamp: 1_800_000_060 },
      { method: 'password', timestamp: 1_800_000_000 },
    ])
    expect(faceClaimsOf(opened({ amr: ['link'] }), aUser())?.methods).toMatchObject([{ method: 'otp' }])
    expect(faceClaimsOf(opened({ amr: ['anonymous'] }), aUser())?.methods[0]?.method).toBe('anonymous')
  })

  it('says how somebody is known, and of an anonymous user nothing', () => {
    const provider = (changes: Partial<User>) => faceClaimsOf(opened(), aUser(changes))?.appMetadata
    expect(provider({})).toEqual({ provider: 'email', providers: ['email'] })
    expect(provider({ email: undefined, signInPhone: '33123456789', appMetadata: { plan: 'pro' } })).toEqual({
      provider: 'phone',
      providers: ['phone'],
      plan: 'pro',
    })
    expect(provider({ appMetadata: { provider: 'google', providers: ['google'] } })).toEqual({
      provider: 'google',
      providers: ['google'],
    })
    expect(provider({ email: undefined, isAnonymous: true })).toEqual({})
  })

  it('says that a second factor is to be shown where the session permits nothing before', () => {
    const due = (changes: Partial<Opened>) => faceClaimsOf(opened(changes), aUser())?.secondFactorDue
    expect(due({ permissions: [] })).toBe(true)
    expect(due({ permissions: undefined })).toBe(false)
    expect(due({ permissions: [], aal: 2 })).toBe(false)
  })

  it('leaves metadata out that would not fit, the own first', () => {
    const big = { text: 'x'.repeat(4100) }
    expect(faceClaimsOf(opened(), aUser({ metadata: big }))).toMatchObject({
      userMetadata: {},
      appMetadata: { provider: 'email' },
    })
    const both = faceClaimsOf(opened(), aUser({ appMetadata: big }))
    expect([both?.appMetadata, both?.userMetadata]).toEqual([{}, {}])
  })
})

describe('the claims of a Supabase token', () => {
  const face = faceClaimsOf(opened(), aUser())
  const claims = {
    issuer: 'https://gateway.test/auth/v1',
    subject: 'user',
    audiences: ['https://gateway.test', 'https://orders.test'],
    clientId: 'guichet',
    keyId: undefined,
    assurance: { level: 1, methods: ['password'], authenticatedAt: 1_800_000_000 },
    sessionId: 'session',
    tokenId: 'token',
    permissions: ['orders:read'],
    parentTokenIds: [],
    delegate: undefined,
    face,
    issuedAt: 1_800_000_000,
    expiresAt: 1_800_003_600,
  } as const
  const spelled = () => ({ ...spellSupabaseClaims(claims, face!) }) as Record<string, unknown>
  const read = (payload: Record<string, unknown>) =>
    parseSupabaseClaims(payload, 1_800_000_000, claims.audiences)

  it('tell that a second factor is due, and in doubt it is', () => {
    const pending = faceClaimsOf(opened({ permissions: [] }), aUser())!
    const due = (payload: object) => read({ ...payload })?.face?.secondFactorDue
    expect(due(spellSupabaseClaims(claims, pending))).toBe(true)
    expect(due({ ...spelled(), second_factor_due: false })).toBe(true)
    expect(due(spelled())).toBe(false)
  })

  it('come back as they were spelled', () => {
    expect(read(JSON.parse(JSON.stringify(spelled())))).toEqual(claims)
  })

  it.each([
    ['aal', 1],
    ['aal', 'aal3'],
    ['amr', ['pwd']],
    ['amr', undefined],
    ['session_id', 'another'],
    ['role', undefined],
    ['app_metadata', []],
    ['user_metadata', 'text'],
    ['is_anonymous', 'no'],
    ['jti', undefined],
    ['key_id', 'a key'],
    ['auth_time', undefined],
  ])('are refused with %s %j', (name, value) => {
    expect(read({ ...spelled(), [name]: value })).toBeUndefined()
  })
})
