import { sql } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import type { Factor } from '../../src/core/accounts/factor.ts'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { SessionRaise } from '../../src/core/accounts/second-factor-store.ts'
import { revocationOf } from '../../src/core/tokens/revocations.ts'
import type { PersonSession } from '../../src/core/tokens/session.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  let userId: string

  beforeEach(async () => {
    userId = crypto.randomUUID()
    await the.execute(sql`insert into users (id_user, email, role_id, created_at)
      select ${userId}::uuid, ${`${userId}@example.com`}, id_role, now() from role where name = 'user'`)
  })

  const signInOf = (method: 'password' | 'totp') => ({
    id: crypto.randomUUID(),
    userId,
    at: at(0),
    address: '192.0.2.1',
    userAgent: undefined,
    method,
    outcome: 'success' as const,
    requestId: 'r',
  })

  const opened = async (changes: Partial<PersonSession> = {}): Promise<PersonSession> => {
    const session: PersonSession = {
      id: crypto.randomUUID(),
      userId,
      refreshDigest: 'aaaaaaaa.refresh',
      previousRefreshDigest: undefined,
      rotates: true,
      permissions: [],
      audiences: undefined,
      accessTtlSeconds: 3600,
      createdAt: at(0),
      expiresAt: at(3600),
      lastUsedAt: at(0),
      revokedAt: undefined,
      aal: 1,
      amr: ['pwd'],
      authenticatedAt: at(0),
      address: '192.0.2.1',
      userAgent: undefined,
      face: 'supabase',
      ...changes,
    }
    const userVersion = (await the.store.findUser(userId))?.user.version ?? 0
    const opening = {
      session,
      userVersion,
      signIn: signInOf('password'),
      device: undefined,
      newDeviceMail: () => {
        throw new Error('There is no device.')
      },
      settled: { cleared: [], givenBack: [] },
    }
    expect(await the.store.openPersonSession(opening)).toBe(true)
    return session
  }

  const aFactor = async (changes: Partial<Factor> = {}): Promise<Factor> => {
    const factor: Factor = {
      id: crypto.randomUUID(),
      userId,
      kind: 'totp',
      name: crypto.randomUUID(),
      sealedSecret: 'aaaaaaaa.sealed',
      createdAt: at(0),
      activatedAt: undefined,
      lastStep: undefined,
      ...changes,
    }
    await the.store.insertFactor(factor, { token: undefined, instead: at(-1) })
    return factor
  }

  const aChallenge = async (expiresAt = at(300)) => {
    const id = crypto.randomUUID()
    await the.store.insertChallenge({
      id,
      userId,
      userVersion: 1,
      digest: 'aaaaaaaa.challenge',
      methods: ['totp'],
      createdAt: at(0),
      expiresAt,
      attemptsLeft: 5,
      codeDigest: undefined,
      codeExpiresAt: undefined,
      usedAt: undefined,
      address: '192.0.2.1',
      userAgent: undefined,
    })
    return id
  }

  const revoke = (subject: string) =>
    revocationOf({ kind: 'session', subject }, { now: at(9), clockSkewSeconds: 5 })

  const raiseOf = async (
    session: PersonSession,
    factor: Factor,
    changes: Partial<SessionRaise> = {},
  ): Promise<SessionRaise> => ({
    session: {
      ...session,
      aal: 2,
      amr: ['pwd', 'otp', 'mfa'],
      authenticatedAt: at(9),
      refreshDigest: 'bbbbbbbb.raised',
      permissions: undefined,
    },
    from: session.refreshDigest,
    userVersion: (await the.store.findUser(userId))?.user.version ?? 0,
    challengeId: await aChallenge(),
    proof: { kind: 'totp', factorId: factor.id, step: 7 },
    activates: factor.activatedAt === undefined,
    signIn: signInOf('totp'),
    at: at(9),
    revoke,
    ...changes,
  })

  const sessionOf = async ({ id }: PersonSession) => (await the.store.findPersonSession(id))?.session
  const isLive = async (session: PersonSession) => (await sessionOf(session))?.revokedAt === undefined

  it('raises a session by a first code, under a refresh token that none of before leads to', async () => {
    const session = await opened({ previousRefreshDigest: 'aaaaaaaa.before' })
    const factor = await aFactor()
    expect(await the.store.raiseSession(await raiseOf(session, factor), {})).toEqual([])
    expect(await sessionOf(session)).toMatchObject({
      aal: 2,
      amr: ['pwd', 'otp', 'mfa'],
      authenticatedAt: at(9),
      refreshDigest: 'bbbbbbbb.raised',
      previousRefreshDigest: undefined,
      permissions: undefined,
      lastUsedAt: at(9),
      expiresAt: at(3600),
    })
    expect(await the.store.listFactors(userId)).toEqual([{ ...factor, activatedAt: at(9), lastStep: 7 }])
    expect((await the.store.findUser(userId))?.user).toMatchObject({ version: 2, lastSignInAt: at(9) })
    const shown = await the.store.listSignIns(userId, { limit: 9, before: undefined })
    expect(shown.map(({ method }) => method).sort()).toEqual(['password', 'totp'])
  })

  it('raises once of twenty who show one code, and in as many challenges too', async () => {
    const session = await opened()
    const factor = await aFactor()
    const raise = await raiseOf(session, factor)
    const together = await aCrowd(() => the.store.raiseSession(raise, {}))
    expect(together.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    const counting = { ...factor, activatedAt: at(9) }
    const next = { from: 'bbbbbbbb.raised', proof: { ...raise.proof, step: 8 } }
    const others = await Promise.all(Array.from({ length: 20 }, () => raiseOf(session, counting, next)))
    const later = await aCrowd((index) => the.store.raiseSession(others[index]!, {}))
    expect(later.filter((outcome) => outcome !== undefined)).toHaveLength(1)
  })

  it.each<[string, Partial<SessionRaise>]>([
    ['the user has changed', { userVersion: 9 }],
    ['the refresh token was replaced', { from: 'aaaaaaaa.other' }],
    ['the challenge is not there', { challengeId: crypto.randomUUID() }],
    ['the factor is not there', { proof: { kind: 'totp', factorId: crypto.randomUUID(), step: 7 } }],
    ['the factor does not count', { activates: false }],
    ['the challenge is over', { at: at(300) }],
  ])('changes nothing where %s', async (_, change) => {
    const session = await opened()
    const factor = await aFactor()
    expect(await the.store.raiseSession(await raiseOf(session, factor, change), {})).toBeUndefined()
    expect(await sessionOf(session)).toMatchObject({ aal: 1, refreshDigest: session.refreshDigest })
    expect(await the.store.listFactors(userId)).toEqual([factor])
    expect((await the.store.findUser(userId))?.user.version).toBe(1)
  })

  it('raises no session that was ended', async () => {
    const session = await opened()
    const factor = await aFactor()
    const raise = await raiseOf(session, factor)
    await the.store.endSession(session.id, revoke(session.id))
    expect(await the.store.raiseSession(raise, {})).toBeUndefined()
  })

  it('ends all others with the first factor, and later those that have shown less', async () => {
    const factor = await aFactor()
    const [session, two, one] = [await opened(), await opened({ aal: 2 }), await opened()]
    const ended = await the.store.raiseSession(await raiseOf(session, factor), {})
    expect(ended?.map(({ subject }) => subject).sort()).toEqual([two.id, one.id].sort())

    const [raised, weak] = [await opened({ aal: 2 }), await opened()]
    const counting = { ...factor, activatedAt: at(9) }
    const again = await raiseOf(session, counting, {
      from: 'bbbbbbbb.raised',
      proof: { kind: 'totp', factorId: factor.id, step: 8 },
    })
    expect((await the.store.raiseSession(again, {}))?.map(({ subject }) => subject)).toEqual([weak.id])
    expect([await isLive(raised), await isLive(weak), await isLive(session)]).toEqual([true, false, true])
  })

  it('leaves no factor that was begun beside it, and voids with the first what was asked for with less', async () => {
    const token: OneTimeToken = {
      id: crypto.randomUUID(),
      userId,
      purpose: 'supabase-email-change',
      digest: 'aaaaaaaa.token',
      email: 'new@example.com',
      createdAt: at(0),
      expiresAt: at(600),
      usedAt: undefined,
      attemptsLeft: undefined,
      ...noneBeside,
    }
    await the.store.insertOneTimeToken(token, {})
    const [factor, other] = [await aFactor(), await aFactor()]
    expect((await the.store.listFactors(userId)).map(({ id }) => id).sort()).toEqual(
      [factor.id, other.id].sort(),
    )
    expect(await the.store.raiseSession(await raiseOf(await opened(), factor), {})).toEqual([])
    expect((await the.store.listFactors(userId)).map(({ id }) => id)).toEqual([factor.id])
    expect(await the.store.findOneTimeToken(token.id)).toBeUndefined()
  })

  it('puts a new factor in the place of those that were begun long ago, and of no others', async () => {
    const [old, young] = [await aFactor({ createdAt: at(-400) }), await aFactor({ createdAt: at(-10) })]
    const added: Factor = { ...young, id: crypto.randomUUID(), createdAt: at(0) }
    await the.store.insertFactor(added, { token: undefined, instead: at(-300) })
    const ids = (await the.store.listFactors(userId)).map(({ id }) => id)
    expect(ids).toEqual([young.id, added.id])
    expect(ids).not.toContain(old.id)
  })

  it('takes a factor away by a raised session, and lowers the sessions that can be raised again', async () => {
    const factor = await aFactor()
    const session = await opened()
    await the.store.raiseSession(await raiseOf(session, factor), {})
    const native = await opened({
      aal: 2,
      amr: ['pwd', 'otp', 'mfa'],
      face: 'native',
      permissions: undefined,
    })
    const removal = { id: factor.id, userId, at: at(10) }
    const by = ({ id: sessionId }: PersonSession) => ({ kind: 'session', sessionId }) as const
    const weak = await opened()
    expect(await the.store.removeFactor({ ...removal, proof: by(weak) }, {})).toBe(false)
    expect(await the.store.removeFactor({ ...removal, proof: by(session) }, {})).toBe(true)
    expect(await sessionOf(session)).toMatchObject({
      aal: 1,
      amr: ['pwd'],
      authenticatedAt: session.createdAt,
      permissions: undefined,
      refreshDigest: 'bbbbbbbb.raised',
    })
    expect(await sessionOf(native)).toMatchObject({ aal: 2, amr: ['pwd', 'otp', 'mfa'] })
    // It waited for the factor, and there is none to wait for.
    expect(await sessionOf(weak)).toMatchObject({ aal: 1, amr: ['pwd'], permissions: undefined })
  })

  it('leaves a lowered session no permission while another factor counts', async () => {
    const [factor, session] = [await aFactor(), await opened()]
    await the.store.raiseSession(await raiseOf(session, factor), {})
    const other = await aFactor()
    const second = await raiseOf(session, other, { from: 'bbbbbbbb.raised' })
    expect(await the.store.raiseSession(second, {})).toEqual([])
    const proof = { kind: 'session', sessionId: session.id } as const
    const waiting = await opened()
    expect(await the.store.removeFactor({ id: other.id, userId, proof, at: at(10) }, {})).toBe(true)
    expect(await sessionOf(session)).toMatchObject({ aal: 1, permissions: [] })
    expect(await sessionOf(waiting)).toMatchObject({ aal: 1, permissions: [] })
  })
})
