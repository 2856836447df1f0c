import type { UpstreamAddress } from '../http/wire.ts'
import { type Breaker, type BreakerState, createBreaker, type Pass } from './breaker.ts'
import type { GatewayRules, Upstream } from './rules.ts'

/** An address to call, and the right to. */
export interface Choice {
  readonly address: UpstreamAddress
  readonly pass: Pass
}

/** What a process knows of its upstreams: whose turn it is, and who is down. Outlives a change of the rules. */
export interface Upstreams {
  /** The next address in turn that is not down, beside those tried already; undefined when there is none. */
  readonly choose: (upstream: Upstream, nowMs: number, tried: ReadonlySet<string>) => Choice | undefined
  /** Whole seconds until one of them has a chance again. */
  readonly retryAfterSeconds: (upstream: Upstream, nowMs: number) => number
  /** The state of each address of an upstream. */
  readonly states: (upstream: Upstream, nowMs: number) => readonly BreakerState[]
  /** Forgets what the rules no longer name. */
  readonly keepOnly: (rules: GatewayRules) => void
}

export function createUpstreams(): Upstreams {
  const breakers = new Map<string, Breaker>()
  const turns = new Map<string, number>()
  const breakerOf = (name: string) => {
    const known = breakers.get(name) ?? createBreaker()
    breakers.set(name, known)
    return known
  }
  return {
    choose(upstream, nowMs, tried) {
      const { addresses } = upstream
      const turn = turns.get(upstream.name) ?? 0
      for (let offset = 0; offset < addresses.length; offset++) {
        const index = (turn + offset) % addresses.length
        const address = addresses[index] as UpstreamAddress
        const name = addressName(address)
        if (tried.has(name)) continue
        const pass = breakerOf(name).admit(nowMs)
        if (pass === undefined) continue
        turns.set(upstream.name, (index + 1) % addresses.length)
        return { address, pass }
      }
      return undefined
    },
    retryAfterSeconds(upstream, nowMs) {
      const rests = upstream.addresses.map((address) => breakerOf(addressName(address)).restMs(nowMs))
      return Math.max(1, Math.ceil(Math.min(...rests) / 1000))
    },
    states: ({ addresses }, nowMs) =>
      addresses.map((address) => breakers.get(addressName(address))?.state(nowMs) ?? 'closed'),
    keepOnly(rules) {
      const upstreams = rules.flatMap(({ upstream }) => upstream ?? [])
      const names = new Set(upstreams.flatMap(({ addresses }) => addresses.map(addressName)))
      for (const name of breakers.keys()) if (!names.has(name)) breakers.delete(name)
      for (const name of turns.keys())
        if (!upstreams.some((upstream) => upstream.name === name)) turns.delete(name)
    },
  }
}

export function addressName(address: UpstreamAddress): string {
  return address.kind === 'origin' ? address.origin : `binding:${address.name}`
}

/** The `Host` that an address answers to: what an origin has behind its scheme. Undefined where the platform decides. */
export function hostOfAddress(address: UpstreamAddress): string | undefined {
  return address.kind === 'origin' ? address.origin.slice(address.origin.indexOf('//') + 2) : undefined
}
