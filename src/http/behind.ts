import type { Principal } from '../core/tokens/verify.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { Refuse } from './mount.ts'
import type { FieldList } from './wire.ts'

/** What stands behind the counter: the operator's own APIs, and the answers to the proxy that stands before them. */
export interface Behind {
  /** Answers every path that is not the gateway's own; undefined where nothing is proxied. */
  readonly proxy: BehindHandler | undefined
  /** Answers what other proxies ask, below `/authz`, for every method. Each brings the credential of the call it is about. */
  readonly questions: readonly { readonly path: string; readonly handle: BehindHandler }[]
  /** Says which rule a call would fall under, and what its upstream would see. */
  readonly look: (call: RuleQuestion) => RuleFinding
}

export type BehindHandler = (c: GatewayContext, spell: BehindSpelling) => Promise<Response>

/** How a refusal, and a fault of ours, is answered. */
export interface BehindSpelling {
  readonly refuse: Refuse
  readonly fault: (c: GatewayContext, error: unknown) => Response
}

/** Who calls, as an upstream is told. A person has no key. */
export type Identity = Pick<Principal, 'subject' | 'clientId' | 'keyId' | 'permissions' | 'sessionId'>

export interface RuleQuestion {
  readonly method: string
  readonly host: string | undefined
  /** Path and query, as a client would send them. */
  readonly target: string
  /** Where the call comes from; undefined where that is not known. */
  readonly address: string | undefined
  /** Undefined for a stranger. */
  readonly identity: Identity | undefined
}

export type RuleFinding =
  | { readonly kind: 'refused'; readonly reason: 'path_refused'; readonly problem: string }
  | { readonly kind: 'unmatched'; readonly reason: 'route_unknown' | 'method_not_allowed' }
  | {
      readonly kind: 'matched'
      readonly rule: string
      readonly isPublic: boolean
      readonly isShadow: boolean
      readonly permissions: readonly string[]
      readonly credentials: readonly string[]
      /** Undefined where the rule only answers other proxies. */
      readonly upstream:
        | { readonly name: string; readonly method: string; readonly target: string }
        | undefined
      /** What the upstream would see, given who calls: its own fields beside the client's. */
      readonly fields: FieldList
    }
