import type { Behind } from '../http/behind.ts'
import type { BreakerState } from './breaker.ts'
import { asAuthRequest, createForwardAuth, readCheck, readForwarded, readOriginal } from './forward-auth.ts'
import { createLiveStreams, type LiveStreams } from './live-streams.ts'
import { look } from './look.ts'
import { createMatcher } from './match.ts'
import { createProxy } from './proxy.ts'
import type { GatewayRules } from './rules.ts'
import { anyTokenRule } from './rules-file.ts'
import { createUpstreams } from './upstreams.ts'

/** The gateway: what the app asks of it, and what the runtime does to it. */
export interface BehindTheCounter extends Behind {
  /** Puts other rules in place, at once and whole. Calls under way end under those that they began with. */
  readonly replaceRules: (rules: GatewayRules) => void
  readonly streams: LiveStreams
  /** Every upstream of the rules that are in place, with the states of its addresses. */
  readonly upstreamStates: (nowMs: number) => readonly UpstreamState[]
}

export interface UpstreamState {
  readonly name: string
  readonly addresses: readonly BreakerState[]
}

/**
 * Makes the gateway. Without rules nothing is proxied, and other proxies are told of any call that a valid token is
 * enough.
 */
export function createGateway(
  rules: GatewayRules | undefined,
  { basePath }: { readonly basePath: string },
): BehindTheCounter {
  const upstreams = createUpstreams()
  const streams = createLiveStreams()
  let present = rules ?? [anyTokenRule]
  let current = createMatcher(present)
  const matcher = () => current
  const prefix = '/authz/ext-authz'
  return {
    streams,
    proxy: rules === undefined ? undefined : createProxy({ matcher, upstreams, streams }),
    questions: [
      { path: '/authz/forward-auth', handle: createForwardAuth(matcher, readForwarded) },
      { path: '/authz/auth-request', handle: asAuthRequest(createForwardAuth(matcher, readOriginal)) },
      { path: `${prefix}/*`, handle: createForwardAuth(matcher, readCheck(basePath + prefix)) },
    ],
    look: (question) => look(current, question),
    upstreamStates(nowMs) {
      const named = new Map(present.flatMap(({ upstream }) => (upstream ? [[upstream.name, upstream]] : [])))
      return [...named.values()].map((upstream) => ({
        name: upstream.name,
        addresses: upstreams.states(upstream, nowMs),
      }))
    },
    replaceRules(next) {
      present = next
      current = createMatcher(next)
      upstreams.keepOnly(next)
    },
  }
}
