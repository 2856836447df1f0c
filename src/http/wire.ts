/** Header fields as they stand on the wire: name, value, name, value, with duplicates and in their order. */
export type FieldList = readonly string[]

/**
 * What only the runtime can do with one request: see it as it came, and carry it on. The rules of forwarding are above;
 * this is the pipe.
 */
export interface Wire {
  /** The request target as it was sent (RFC 9112 §3.2); no parser has tidied it. */
  readonly target: string
  readonly scheme: 'http' | 'https'
  readonly fields: FieldList
  /** The address at the other end of the socket, in its canonical form; undefined where the platform does not tell. */
  readonly peer: string | undefined
  /** Whether that peer is one of the operator's own proxies, whose word on where a call comes from counts. */
  readonly peerIsTrusted: boolean
  /** Carries the call to its upstream and the answer back, both as streams. It never throws for what the upstream does. */
  readonly send: (call: UpstreamCall) => Promise<UpstreamOutcome>
  /** The same for a WebSocket handshake; undefined where this request asks for none. */
  readonly connect: ((call: SocketCall) => Promise<UpstreamOutcome>) | undefined
}

/** Where a call goes: the origin of a URL, or the name of a service binding of a Worker. */
export type UpstreamAddress =
  | { readonly kind: 'origin'; readonly origin: string }
  | { readonly kind: 'binding'; readonly name: string }

export interface UpstreamTimeouts {
  /** Until there is a connection. */
  readonly connectMs: number
  /** Until the head of the answer has come, from when the request was sent. */
  readonly firstByteMs: number
  /** Between two pieces of a body, either way; 0 waits for ever. There is no limit on the whole. */
  readonly idleMs: number
}

/** A request to an upstream, complete: nothing is added to its fields but the framing. */
export interface UpstreamCall {
  readonly address: UpstreamAddress
  readonly method: string
  /** Path and query, as they go. */
  readonly target: string
  readonly fields: FieldList
  readonly timeouts: UpstreamTimeouts
  /** What the body may hold at most, counted as it passes. */
  readonly bodyMaxBytes: number
  /** True lets the call be tried a second time while nothing of its body was sent and no answer has begun. */
  readonly isIdempotent: boolean
  /** What the client gets to see of the head of the upstream's answer. */
  readonly answerFields: (status: number, fields: FieldList) => FieldList
  /**
   * Told when the answer is a stream of events: takes the way to cut it and answers the way to say that it has ended.
   * Undefined where the stream may go on for as long as it likes.
   */
  readonly onStream: Lease | undefined
}

/** A WebSocket handshake that goes to an upstream. */
export interface SocketCall {
  readonly address: UpstreamAddress
  readonly target: string
  /** Without those of the handshake itself (`Sec-WebSocket-*`, `Connection`, `Upgrade`), which the runtime makes anew. */
  readonly fields: FieldList
  /** The subprotocols to offer the upstream; none of them is a credential. */
  readonly protocols: readonly string[]
  /** What to answer the client when the upstream chose none: some clients insist on an answer to their offer. */
  readonly fallbackProtocol: string | undefined
  readonly timeouts: UpstreamTimeouts
  readonly messageMaxBytes: number
  /** What the client sees in the head of the answer beside the handshake. */
  readonly answerFields: FieldList
  readonly onStream: Lease | undefined
}

/** Holds a stream to its credential: takes how to cut it, answers how to say that it is over. */
export type Lease = (cut: (reason: StreamEnd) => void) => () => void

/** Why a stream is cut: on a WebSocket close code 4401 with this text as its reason. */
export type StreamEnd = 'token_expired' | 'token_revoked' | 'shutting_down'

/** How a call to an upstream ended. */
export type UpstreamOutcome =
  | {
      readonly kind: 'answered'
      /** The status that the client got. */
      readonly status: number
      /** What the app returns; on some runtimes only a sign that all has been written. */
      readonly response: Response
      /** False when the transfer broke after its head: the client sees a cut, never an end. */
      readonly complete: boolean
    }
  | {
      readonly kind: 'failed'
      readonly fault: UpstreamFault
      /** For the log alone. */
      readonly detail: string
    }
  /** A WebSocket that the upstream would not open: its own answer, small, to be passed on. */
  | {
      readonly kind: 'declined'
      readonly status: number
      readonly fields: FieldList
      readonly body: Uint8Array
    }

/**
 * `busy`: more calls are under way to this upstream than it is given at once. `idle_timeout`: the client stalled in
 * the middle of its body. `client_gone` is nobody's fault: there is no one left to answer.
 */
export type UpstreamFault =
  | 'unreachable'
  | 'busy'
  | 'first_byte_timeout'
  | 'idle_timeout'
  | 'broken'
  | 'body_too_large'
  | 'client_gone'
