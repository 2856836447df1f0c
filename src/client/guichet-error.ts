/** Why no access token could be had, or a call was not made. */
export class GuichetError extends Error {
  override readonly name = 'GuichetError'
  /**
   * The gateway's own code (docs/errors.md), or `gateway_unreachable`, `unexpected_answer`, `origin_not_allowed`.
   * Stable: program against it.
   */
  readonly code: string
  /** The gateway's status; undefined when it gave no answer. */
  readonly status: number | undefined
  /** The name of the failed call in the gateway's log. */
  readonly requestId: string | undefined
  /** How long to wait before another try; undefined when waiting does not help. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    facts: {
      readonly code: string
      readonly status?: number | undefined
      readonly requestId?: string | undefined
      readonly retryAfterSeconds?: number | undefined
      readonly cause?: unknown
    },
  ) {
    super(message, { cause: facts.cause })
    this.code = facts.code
    this.status = facts.status
    this.requestId = facts.requestId
    this.retryAfterSeconds = facts.retryAfterSeconds
  }
}
