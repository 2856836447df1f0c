import { sql } from 'drizzle-orm'
import { beforeEach, expect, it } from 'vitest'
import type { SignInChallenge } from '../../src/core/accounts/challenge.ts'
import type { Factor } from '../../src/core/accounts/factor.ts'
import { noneBeside, type OneTimeToken } from '../../src/core/accounts/one-time-token.ts'
import type { RecoveryCode } from '../../src/core/accounts/recovery-code.ts'
import { aCrowd, at, describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  let userId: string

  beforeEach(async () => {
    userId = crypto.randomUUID()
    await the.execute(sql`insert into users (id_user, email, role_id, created_at)
      select ${userId}::uuid, ${`${userId}@example.com`}, id_role, now() from role where name = 'user'`)
  })

  const version = async () => (await the.store.findUser(userId))?.user.version

  const aFactor = (changes: Partial<Factor> = {}): Factor => ({
    id: crypto.randomUUID(),
    userId,
    kind: 'totp',
    name: 'phone',
    sealedSecret: 'aaaaaaaa.sealed',
    createdAt: at(0),
    activatedAt: undefined,
    lastStep: undefined,
    ...changes,
  })
  const someCodes = (): RecoveryCode[] =>
    ['a', 'b'].map((digest) => ({
      id: crypto.randomUUID(),
      userId,
      digest,
      createdAt: at(0),
      usedAt: undefined,
    }))
  const aCode = (changes: Partial<OneTimeToken> = {}): OneTimeToken => ({
    id: crypto.randomUUID(),
    userId,
    purpose: 'factor-code',
    digest: 'aaaaaaaa.code',
    email: 'a@example.com',
    createdAt: at(0),
    expiresAt: at(600),
    usedAt: undefined,
    attemptsLeft: 5,
    ...noneBeside,
    ...changes,
  })
  const aChallenge = (changes: Partial<SignInChallenge> = {}): SignInChallenge => ({
    id: crypto.randomUUID(),
    userId,
    userVersion: 1,
    digest: 'aaaaaaaa.challenge',
    methods: ['totp', 'recovery_code'],
    createdAt: at(0),
    expiresAt: at(600),
    attemptsLeft: 5,
    codeDigest: undefined,
    codeExpiresAt: undefined,
    usedAt: undefined,
    address: '192.0.2.1',
    userAgent: undefined,
    ...changes,
  })
  const added = async (changes: Partial<Factor> = {}) => {
    const factor = aFactor(changes)
    await the.store.insertFactor(factor, { token: undefined })
    return factor
  }
  const activation = (
    factor: Factor,
    changes: Partial<Parameters<typeof the.store.activateFactor>[0]> = {},
  ) => ({
    id: factor.id,
    userId,
    proof: totp(factor, 7),
    codes: someCodes(),
    sessionId: crypto.randomUUID(),
    revoke: () => {
      throw new Error('There is no session to end.')
    },
    at: at(1),
    ...changes,
  })
  const activated = async () => {
    const factor = await added()
    expect(await the.store.activateFactor(activation(factor, { proof: totp(factor, 1) }), {})).toEqual({
      withCodes: true,
      revocations: [],
    })
    return factor
  }
  const totp = ({ id }: Factor, step: number) => ({ kind: 'totp', factorId: id, step }) as const

  it('is not begun by whoever was judged before another one counted', async () => {
    const before = (await the.store.findUser(userId))?.user.version ?? 0
    const first = await activated()
    const late = { token: undefined, userVersion: before }
    expect(await the.store.insertFactor(aFactor(), late)).toBe(false)
    expect((await the.store.listFactors(userId)).map(({ id }) => id)).toEqual([first.id])
    const now = { token: undefined, userVersion: before + 1 }
    expect(await the.store.insertFactor(aFactor(), now)).toBe(true)
  })

  it('gives a factor back as it was added, and lists the oldest first', async () => {
    const later = await activated()
    const first = await added({ kind: 'email', sealedSecret: undefined, createdAt: at(-1) })
    const kept = { ...later, activatedAt: at(1), lastStep: 1 }
    expect(await the.store.listFactors(userId)).toEqual([first, kept])
  })

  it('keeps one of a kind that never came to count, and all that did', async () => {
    const counting = await activated()
    await added()
    const last = await added()
    const ids = (await the.store.listFactors(userId)).map(({ id }) => id)
    expect(ids.sort()).toEqual([counting.id, last.id].sort())
  })

  it('activates a factor once of twenty who ask, as one new version of its user', async () => {
    const factor = await added()
    const outcomes = await aCrowd(() => the.store.activateFactor(activation(factor), {}))
    expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    expect(await version()).toBe(2)
    expect(await the.store.listRecoveryCodes(userId)).toHaveLength(2)
  })

  it('activates nobody else’s factor, and none of a user that is deleted', async () => {
    const factor = await added()
    const stolen = activation(factor, { userId: crypto.randomUUID() })
    expect(await the.store.activateFactor(stolen, {})).toBeUndefined()
    await the.execute(sql`update users set deleted_at = now() where id_user = ${userId}`)
    expect(await the.store.activateFactor(activation(factor), {})).toBeUndefined()
  })

  it('leaves none that was begun before a factor came to count', async () => {
    await added({ kind: 'email' })
    const counting = await activated()
    expect((await the.store.listFactors(userId)).map(({ id }) => id)).toEqual([counting.id])
  })

  it('adds no recovery codes with a second factor', async () => {
    await activated()
    const other = await added()
    expect((await the.store.activateFactor(activation(other), {}))?.withCodes).toBe(false)
    expect(await the.store.listRecoveryCodes(userId)).toHaveLength(2)
  })

  it('takes a time step once of twenty who show it in as many challenges, and never an older one', async () => {
    const factor = await activated()
    const pass = async (step: number) => {
      const challenge = aChallenge()
      await the.store.insertChallenge(challenge)
      return the.store.passChallenge({ id: challenge.id, proof: totp(factor, step), at: at(2) }, {})
    }
    expect((await aCrowd(() => pass(9))).filter(Boolean)).toHaveLength(1)
    expect([await pass(9), await pass(8), await pass(10)]).toEqual([false, false, true])
  })

  it('takes a recovery code once of twenty, and leaves a challenge open whose code was taken elsewhere', async () => {
    await activated()
    const [code] = await the.store.listRecoveryCodes(userId)
    const challenges = await aCrowd(async () => {
      const challenge = aChallenge()
      await the.store.insertChallenge(challenge)
      return challenge
    })
    const proof = { kind: 'recovery_code', codeId: code!.id } as const
    const passed = await aCrowd((index) =>
      the.store.passChallenge({ id: challenges[index]!.id, proof, at: at(2) }, {}),
    )
    expect(passed.filter(Boolean)).toHaveLength(1)
    expect(await the.store.listRecoveryCodes(userId)).toHaveLength(1)
    const found = await Promise.all(challenges.map(({ id }) => the.store.findChallenge(id)))
    expect(found.filter((one) => one?.challenge.usedAt !== undefined)).toHaveLength(1)
  })

  it('passes a challenge once of twenty who show different codes', async () => {
    const factor = await activated()
    const challenge = aChallenge()
    await the.store.insertChallenge(challenge)
    const passed = await aCrowd((index) =>
      the.store.passChallenge({ id: challenge.id, proof: totp(factor, 100 + index), at: at(2) }, {}),
    )
    expect(passed.filter(Boolean)).toHaveLength(1)
  })

  it('gives a challenge back as it was added, with its user', async () => {
    const challenge = aChallenge()
    await the.store.insertChallenge(challenge)
    const found = await the.store.findChallenge(challenge.id)
    expect([found?.challenge, found?.user.id, found?.role.name]).toEqual([challenge, userId, 'user'])
    expect(await the.store.findChallenge(crypto.randomUUID())).toBeUndefined()
  })

  it('counts the tries of a challenge for all who try at once', async () => {
    const challenge = aChallenge()
    await the.store.insertChallenge(challenge)
    const taken = await aCrowd(() => the.store.takeChallengeAttempt(challenge.id, at(1)))
    expect(taken.filter(Boolean)).toHaveLength(5)
  })

  it('takes no try of a challenge that is over, to the millisecond', async () => {
    const challenge = aChallenge()
    await the.store.insertChallenge(challenge)
    const last = new Date(at(600).getTime() - 1)
    expect(await the.store.takeChallengeAttempt(challenge.id, last)).toBe(true)
    expect(await the.store.takeChallengeAttempt(challenge.id, at(600))).toBe(false)
    const proof = totp(await activated(), 5)
    expect(await the.store.passChallenge({ id: challenge.id, proof, at: at(600) }, {})).toBe(false)
  })

  it('passes a challenge by the code that was mailed last, in its time, once of twenty', async () => {
    const challenge = aChallenge({ methods: ['email'] })
    await the.store.insertChallenge(challenge)
    const set = (digest: string) =>
      the.store.setChallengeCode(challenge.id, { digest, expiresAt: at(300), at: at(1) }, {})
    const pass = (codeDigest: string, seconds: number) =>
      the.store.passChallenge({ id: challenge.id, proof: { kind: 'email', codeDigest }, at: at(seconds) }, {})
    expect([await set('one'), await set('two')]).toEqual([true, true])
    expect([await pass('one', 2), await pass('two', 300)]).toEqual([false, false])
    expect((await aCrowd(() => pass('two', 299))).filter(Boolean)).toHaveLength(1)
    expect(await set('three')).toBe(false)
  })

  it('counts the tries of a code that was mailed to somebody who is signed in', async () => {
    await the.store.insertFactor(aFactor({ kind: 'email' }), { token: aCode() })
    const newer = aCode({ digest: 'aaaaaaaa.newer' })
    await the.store.insertOneTimeToken(newer, {})
    const taken = await aCrowd(() => the.store.takeFactorCodeAttempt(userId, at(1)))
    const found = taken.filter((token) => token !== undefined)
    expect(found).toHaveLength(5)
    expect(found.every(({ id }) => id === newer.id)).toBe(true)
    await the.store.insertOneTimeToken(aCode(), {})
    expect(await the.store.takeFactorCodeAttempt(userId, at(600))).toBeUndefined()
  })

  it('removes a factor that counts by a proof alone, and the recovery codes with the last one', async () => {
    const factor = await activated()
    const other = await added()
    const removal = { id: factor.id, userId, proof: undefined, at: at(2) }
    expect(await the.store.removeFactor(removal, {})).toBe(false)
    expect(await the.store.removeFactor({ ...removal, proof: totp(factor, 1) }, {})).toBe(false)
    expect(await the.store.listFactors(userId)).toHaveLength(2)
    expect(await the.store.removeFactor({ ...removal, id: other.id }, {})).toBe(true)
    expect(await the.store.listRecoveryCodes(userId)).toHaveLength(2)
    const removed = await aCrowd(() => the.store.removeFactor({ ...removal, proof: totp(factor, 2) }, {}))
    expect(removed.filter(Boolean)).toHaveLength(1)
    expect(await the.store.listRecoveryCodes(userId)).toEqual([])
  })

  it('clears all factors, codes and what was mailed, of one user as it was judged, and of nobody else', async () => {
    await activated()
    await added()
    await the.store.insertOneTimeToken(aCode(), {})
    const judged = { id: userId, version: 2, standing: {}, clearsFactors: true }
    expect((await the.store.changeUser({ ...judged, id: crypto.randomUUID() })).kind).toBe('stale')
    expect((await the.store.changeUser({ ...judged, version: 1 })).kind).toBe('stale')
    expect(await the.store.listFactors(userId)).toHaveLength(2)
    const outcomes = await aCrowd(() => the.store.changeUser(judged))
    expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(1)
    expect(await the.store.listFactors(userId)).toEqual([])
    expect(await the.store.listRecoveryCodes(userId)).toEqual([])
    expect(await the.store.takeFactorCodeAttempt(userId, at(1))).toBeUndefined()
    expect(await version()).toBe(3)
  })

  it('replaces recovery codes all at once, and only for a proof that is good', async () => {
    const factor = await activated()
    const before = await the.store.listRecoveryCodes(userId)
    const codes = someCodes()
    const renewal = { userId, codes, at: at(2) }
    expect(await the.store.replaceRecoveryCodes({ ...renewal, proof: totp(factor, 1) }, {})).toBe(false)
    expect(await the.store.listRecoveryCodes(userId)).toEqual(before)
    expect(await the.store.replaceRecoveryCodes({ ...renewal, proof: totp(factor, 2) }, {})).toBe(true)
    const ids = (await the.store.listRecoveryCodes(userId)).map(({ id }) => id)
    expect(ids.sort()).toEqual(codes.map(({ id }) => id).sort())
  })
})
