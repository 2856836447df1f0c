import { Agent } from 'undici'
import type { UpstreamCall, UpstreamOutcome } from '../http/wire.ts'
import type { NodeExchange } from './node-wire.ts'

/** The connections to upstreams, kept open between calls. */
export interface UpstreamPools {
  readonly agent: Agent
  /** Ends them; resolves when none is left. */
  readonly close: () => Promise<void>
}

export function createUpstreamPools(): UpstreamPools {
  const agent = new Agent()
  return { agent, close: () => agent.close() }
}

/** Carries a call to its upstream and writes the answer straight to Node's own response. */
export async function sendUpstream(
  _pools: UpstreamPools,
  _exchange: NodeExchange,
  _call: UpstreamCall,
): Promise<UpstreamOutcome> {
  throw new Error('There is no way to an upstream yet.')
}
