import type { RateLimit } from '../core/keys/api-key.ts'
import type { UpstreamAddress, UpstreamTimeouts } from '../http/wire.ts'

/** The operator's rules, in their order: the first that matches a call decides on it. */
export type GatewayRules = readonly RouteRule[]

/** What happens to the calls of one place. */
export interface RouteRule {
  /** As logs, explanations and limits call it; no two are the same. */
  readonly name: string
  /** In lower case and without a port; `*.example.com` is any name below. Empty is any host. */
  readonly hosts: readonly string[]
  /** A pattern of the router: `/orders/*`, `/orders/:id`. */
  readonly path: string
  /** In upper case. Empty is any method. */
  readonly methods: readonly string[]
  /** Undefined where another proxy forwards and only asks here. */
  readonly upstream: Upstream | undefined
  /** All of which the caller must hold. */
  readonly permissions: readonly string[]
  /** True asks for no credential. */
  readonly isPublic: boolean
  readonly credentials: readonly CredentialKind[]
  /** Taken off the path before it goes on; empty for nothing. */
  readonly stripPrefix: string
  /** True hands on the client's `Host` instead of the upstream's own. */
  readonly preservesHost: boolean
  /** True leaves the client's credential in the call. */
  readonly passesCredential: boolean
  readonly requestFields: FieldRules
  readonly answerFields: FieldRules
  readonly timeouts: UpstreamTimeouts
  readonly bodyMaxBytes: number
  readonly messageMaxBytes: number
  readonly rate: RateLimit | undefined
  /** Whom a short JWT tells who calls; undefined sends none. */
  readonly identityAudience: string | undefined
  /** True lets streams and WebSockets go on when their credential has ended. */
  readonly streamsOutliveToken: boolean
  /** True judges and logs, and lets pass. */
  readonly isShadow: boolean
}

export type CredentialKind = 'token' | 'api_key'

/** One API behind the gateway, at one address or several that are as good as each other. */
export interface Upstream {
  readonly name: string
  readonly addresses: readonly [UpstreamAddress, ...UpstreamAddress[]]
  /** Put before every path; empty for nothing. */
  readonly basePath: string
}

/** What is done to header fields last. */
export interface FieldRules {
  readonly set: Readonly<Record<string, string>>
  /** In the one spelling of `plainName`. */
  readonly remove: readonly string[]
}
