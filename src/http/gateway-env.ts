import type { Context } from 'hono'
import type { ApiKey } from '../core/keys/api-key.ts'
import type { MeterReading } from '../core/limits/meter.ts'
import type { Service } from '../core/service.ts'
import type { Principal } from '../core/tokens/verify.ts'
import type { Behind } from './behind.ts'
import type { RouteTable } from './route-table.ts'
import type { TraceContext } from './trace-context.ts'
import type { Traces } from './traces.ts'
import type { Wire } from './wire.ts'

/** What the runtime hands in with each request. */
export interface GatewayBindings {
  readonly service: Service
  /** The client's address as the runtime vouches for it, given what the call claims of its way. */
  readonly addressOf: (forwardedFor: string | undefined) => string | undefined
  /**
   * A field of the request by its name in lower case, several of one name joined by commas. From the platform's own
   * parse: to build a `Headers` costs more than all else that a short call needs.
   */
  readonly header: (name: string) => string | undefined
  readonly log: GatewayLog
  /** Undefined where nobody reads traces. */
  readonly traces?: Traces | undefined
  /** The request as it came, and the way to carry it on. */
  readonly wire: () => Wire
  /** True from the moment the process was asked to stop. */
  readonly draining: boolean
}

/** One line a request, and one a fault. Neither ever gets a credential to hold. */
export interface GatewayLog {
  readonly request: (line: RequestLine) => void
  readonly fault: (error: unknown, requestId: string) => void
}

export interface RequestLine {
  readonly method: string
  /** The route's pattern, never the path: a path may hold what nobody should read. */
  readonly route: string
  readonly status: number
  readonly durationMs: number
  readonly requestId: string
  readonly clientId: string | undefined
  readonly keyId: string | undefined
  /** The person who called, where it was no machine. */
  readonly userId: string | undefined
  /** The operator's rule for a call behind the gateway, and the upstream that it went to. */
  readonly rule: string | undefined
  readonly upstream: string | undefined
  /** Why the rule would have refused, were it enforced. */
  readonly shadowed: string | undefined
  /** True where tokens were handed out from memory, since the database is away. */
  readonly degraded: true | undefined
  /** The reason of a refusal, as the core names it. */
  readonly reason: string | undefined
  /** What exactly was wrong, for those who read the log and not for the caller. */
  readonly cause: string | undefined
}

/** What is where: the same for every call. */
export interface House {
  readonly routes: RouteTable
  /** Undefined where nothing stands behind. */
  readonly behind: Behind | undefined
}

export interface GatewayVariables {
  requestId: string
  /** Where the call stands in the trace that we keep of it; undefined where we keep none. */
  trace: TraceContext | undefined
  /** What the answer will say of itself, whoever makes it. */
  headers: Record<string, string>
  /** True when the answer says it already. */
  replied: boolean | undefined
  /** For the routes that explain it. */
  house: House
  /** Set by the guard on every route that is not public. */
  principal: Principal
  /** The person who signed in or was admitted by a call. */
  userId: string | undefined
  /** The key that a call was made with, itself or by a token of it; undefined where a person called. */
  key: ApiKey | undefined
  meter: MeterReading | undefined
  /** True where tokens are handed out from memory, since the database is away. */
  degraded: true | undefined
  /** Whether answers differ by `Origin`, whether or not this call has one; undefined for no. */
  variesByOrigin: boolean | undefined
  /** The operator's rule that a call behind the gateway fell under. */
  rule: string | undefined
  /** The upstream that it went to. */
  upstream: string | undefined
  /** Why a rule that only watches would have refused it. */
  shadowed: string | undefined
  /** The status that was written past the app, straight to the client. */
  sentStatus: number | undefined
  refused: { readonly reason: string; readonly cause: string | undefined } | undefined
}

export interface GatewayEnv {
  Bindings: GatewayBindings
  Variables: GatewayVariables
}

export type GatewayContext = Context<GatewayEnv>
