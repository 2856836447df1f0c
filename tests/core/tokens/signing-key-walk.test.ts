import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  endKey,
  later,
  nextKeyDue,
  replaceAllSigners,
  settleSigningKeys,
  signersOf,
  signingKeyLeadSeconds,
} from '../../../src/core/tokens/signing-key-plan.ts'
import {
  chooseSigner,
  type SigningKeyRecord,
  signingKeyState,
} from '../../../src/core/tokens/signing-key-state.ts'

/** As far as a process may fall behind while its feed, its poll and its minute all work but late. */
const COPY_MAX_AGE_SECONDS = 120
/** The longest that a verifier elsewhere may keep a key set. */
const SET_MAX_AGE_SECONDS = 600
const CLOCKS_APART_SECONDS = 30
const SKEW_SECONDS = 5

interface Copy {
  readonly records: readonly SigningKeyRecord[]
  readonly takenAt: number
}

interface Token {
  readonly kid: string
  readonly exp: number
}

const instance = fc.nat(2)
const secondsAhead = fc.integer({ min: -CLOCKS_APART_SECONDS, max: CLOCKS_APART_SECONDS })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 1200 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 3 * 86_400 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('tick'), of: instance, crashes: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hear'), of: instance }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('sign'),
      of: instance,
      ttl: fc.integer({ min: 60, max: 86_400 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fetch'), of: instance, by: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate'), of: instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('import'), of: instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retire'), of: instance, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate now'), of: instance }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('configure'),
      of: instance,
      alg: fc.constantFrom('ES256', 'EdDSA'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set clock'),
      of: instance,
      ahead: secondsAhead,
    }),
  },
)
const clocks = fc.tuple(secondsAhead, secondsAhead, secondsAhead)
type Step = {
  readonly do: string
  readonly of?: number
  readonly seconds?: number
  readonly crashes?: boolean
  readonly ttl?: number
  readonly by?: number
  readonly which?: number
  readonly alg?: 'ES256' | 'EdDSA'
  readonly ahead?: number
}

/** Three instances, two verifiers elsewhere and one store, whose every write is one transaction. */
class Walk {
  time = Date.UTC(2026, 0, 1) / 1000
  store: readonly SigningKeyRecord[] = []
  /** Keys that were ended by hand: all their tokens are dead. */
  readonly ended = new Set<string>()
  /** Keys that signed at once: no verifier elsewhere could know them before. */
  readonly hasty = new Set<string>()
  readonly tokens: Token[] = []
  readonly copies: Copy[] = [0, 1, 2].map(() => ({ records: [], takenAt: -Infinity }))
  readonly sets: { kids: ReadonlySet<string>; at: number }[] = [0, 1].map(() => ({
    kids: new Set<string>(),
    at: -Infinity,
  }))
  readonly ahead: number[]
  readonly rules = [0, 1, 2].map(() => ({
    signingAlgorithm: 'ES256' as 'ES256' | 'EdDSA',
    signingKeyRotationDays: 2,
  }))
  private made = 0

  /** Nobody is served, and nothing asked for, before a start has made the first key. */
  constructor(ahead: readonly number[]) {
    this.ahead = [...ahead]
    this.tick(0, false)
  }

  clock(of: number): Date {
    return new Date((this.time + this.ahead[of]!) * 1000)
  }

  take(step: Step): void {
    const { of = 0 } = step
    const now = this.clock(of)
    if (step.do === 'pass') this.time += step.seconds!
    if (step.do === 'set clock') this.ahead[of] = step.ahead!
    if (step.do === 'configure') this.rules[of]!.signingAlgorithm = step.alg!
    if (step.do === 'tick') this.tick(of, step.crashes!)
    if (step.do === 'hear') this.reload(of)
    if (step.do === 'sign') this.sign(of, step.ttl!)
    if (step.do === 'fetch') this.fetchSet(step.by!, of)
    if (step.do === 'rotate' || step.do === 'import') {
      const key = this.key(now, {
        origin: step.do === 'import' ? 'imported' : 'made',
        activeFrom: later(now, signingKeyLeadSeconds),
      })
      this.store = settleSigningKeys([...this.store, key], now)
    }
    if (step.do === 'rotate now') {
      const key = this.key(now, {})
      for (const record of this.store) this.ended.add(record.kid)
      this.hasty.add(key.kid)
      this.store = replaceAllSigners(this.store, key, now)
    }
    if (step.do === 'retire') this.retire(now, step.which!)
  }

  private tick(of: number, crashes: boolean): void {
    const now = this.clock(of)
    const activeFrom = nextKeyDue(this.store, this.rules[of]!, now)
    const algorithm = this.rules[of]!.signingAlgorithm
    const fresh = activeFrom && this.key(now, { activeFrom, algorithm })
    const settled = settleSigningKeys(fresh ? [...this.store, fresh] : this.store, now)
    if (crashes) return
    this.store = settled
    expect(settleSigningKeys(settled, now).every((record, index) => record === settled[index])).toBe(true)
    this.reload(of)
  }

  private retire(now: Date, which: number): void {
    const key = this.store[which]
    if (key === undefined || signingKeyState(key, now) === 'gone') return
    const rest = this.store.map((record) => (record === key ? endKey(record, now) : record))
    if (!rest.some((record) => signingKeyState(record, now) === 'active')) return
    this.ended.add(key.kid)
    this.store = settleSigningKeys(rest, now)
    // The one that takes over again was known to everybody all the time.
  }

  private reload(of: number): void {
    this.copies[of] = { records: this.store, takenAt: this.time }
  }

  private copyOf(of: number): readonly SigningKeyRecord[] {
    if (this.time - this.copies[of]!.takenAt > COPY_MAX_AGE_SECONDS) this.reload(of)
    return this.copies[of]!.records
  }

  private sign(of: number, ttl: number): void {
    const now = this.clock(of)
    const signer = chooseSigner(this.copyOf(of), now)
    expect(signer, 'there is always a key that signs').toBeDefined()
    this.tokens.push({ kid: signer!.kid, exp: Math.floor(now.getTime() / 1000) + ttl })
  }

  private fetchSet(by: number, from: number): void {
    const now = this.clock(from)
    const kids = this.copyOf(from)
      .filter((record) => signingKeyState(record, now) !== 'gone')
      .map(({ kid }) => kid)
    expect(new Set(kids).size).toBe(kids.length)
    this.sets[by] = { kids: new Set(kids), at: this.time }
  }

  /** Shows every token to everybody. */
  judgeAll(): void {
    for (const token of this.tokens) {
      for (const copy of [0, 1, 2]) this.judgeHere(token, copy)
      for (const by of [0, 1]) this.judgeElsewhere(token, by)
    }
    const oldest = this.time - SKEW_SECONDS - CLOCKS_APART_SECONDS
    this.tokens.splice(0, this.tokens.length, ...this.tokens.filter(({ exp }) => exp > oldest))
  }

  private judgeHere({ kid, exp }: Token, of: number): void {
    const now = this.clock(of)
    const inTime = now.getTime() / 1000 < exp + SKEW_SECONDS
    const find = () => this.copyOf(of).find((record) => record.kid === kid)
    // The bounded look at the store for a kid that is unknown here.
    if (find() === undefined) this.reload(of)
    const found = find()
    const trusted = found !== undefined && signingKeyState(found, now) !== 'gone'
    if (!this.ended.has(kid)) {
      if (inTime) expect(trusted, 'a valid token is accepted').toBe(true)
      return
    }
    const heard = this.copies[of]!.records === this.store
    if (heard) expect(trusted, 'a token of an ended key is refused').toBe(false)
  }

  private judgeElsewhere({ kid, exp }: Token, by: number): void {
    if (this.time >= exp || this.ended.has(kid)) return
    if (this.time - this.sets[by]!.at > SET_MAX_AGE_SECONDS) this.fetchSet(by, by)
    // Who meets an unknown key asks again: needed only for a key that could not be announced.
    if (this.hasty.has(kid) && !this.sets[by]!.kids.has(kid)) return
    expect(this.sets[by]!.kids.has(kid), 'a verifier with an older set knows the key').toBe(true)
  }

  private key(now: Date, changes: Partial<SigningKeyRecord>): SigningKeyRecord {
    this.made++
    return {
      kid: `key ${this.made}`,
      algorithm: 'ES256',
      publicJwk: { kty: 'EC' },
      sealedPrivateJwk: 'sealed',
      origin: 'made',
      createdAt: now,
      activeFrom: undefined,
      retiresAt: undefined,
      goneAt: undefined,
      ...changes,
    }
  }
}

describe('the signing keys of several instances', () => {
  it('refuse no valid token and accept no dead one, whatever comes when', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(clocks, fc.array(step, { minLength: 20, maxLength: 150 }), (ahead, steps) => {
        const walk = new Walk(ahead)
        for (const one of steps) {
          walk.take(one as Step)
          walk.judgeAll()
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('come to rest with one key that signs and no end', () => {
    fc.assert(
      fc.property(clocks, fc.array(step, { maxLength: 80 }), (ahead, steps) => {
        const walk = new Walk(ahead)
        for (const one of steps) walk.take(one as Step)
        walk.take({ do: 'pass', seconds: 3 * 86_400 })
        for (const copy of [0, 1, 2]) walk.take({ do: 'configure', of: copy, alg: 'ES256' })
        for (let hour = 0; hour < 3; hour++) {
          walk.take({ do: 'tick', of: 0, crashes: false })
          walk.take({ do: 'pass', seconds: 3600 })
        }
        const signers = signersOf(walk.store, walk.clock(0))
        expect(signers).toHaveLength(1)
        expect(signers[0]).toMatchObject({ retiresAt: undefined, goneAt: undefined })
      }),
      { numRuns: 300 },
    )
  })
})
