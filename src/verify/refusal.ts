/** Why a call is refused. Stable: program against it. All but the last are the gateway's own codes (docs/errors.md). */
export type RefusalCode =
  | 'missing_token'
  | 'invalid_token'
  | 'token_expired'
  | 'insufficient_permissions'
  | 'keys_unavailable'

/** A refused call, ready to be answered (RFC 6750 §3). */
export interface Refusal {
  readonly status: 401 | 403 | 503
  readonly code: RefusalCode
  /** For the caller; quotes nothing that came with the call. */
  readonly message: string
  /** `WWW-Authenticate` of a 401 and a 403, `Retry-After` of a 503. */
  readonly headers: Readonly<Record<string, string>>
  /** What exactly was wrong, for your log and not for the caller. Holds no token. */
  readonly cause: string | undefined
}

/** No error code where no credential came, so that a stranger is told nothing more (RFC 6750 §3.1). */
const bareChallenge = 'Bearer realm="guichet"'
const tokenChallenge = `${bareChallenge}, error="invalid_token"`

const spellings = {
  missing_token: {
    status: 401,
    message: 'An access token is needed: send "Authorization: Bearer <access>".',
    headers: { 'WWW-Authenticate': bareChallenge },
  },
  invalid_token: {
    status: 401,
    message: 'This access token is not valid.',
    headers: { 'WWW-Authenticate': tokenChallenge },
  },
  token_expired: {
    status: 401,
    message: 'This access token has expired.',
    headers: { 'WWW-Authenticate': tokenChallenge },
  },
  keys_unavailable: {
    status: 503,
    message: 'This access token cannot be verified right now. Try again shortly.',
    headers: { 'Retry-After': '5' },
  },
} as const satisfies Record<
  Exclude<RefusalCode, 'insufficient_permissions'>,
  Pick<Refusal, 'status' | 'message' | 'headers'>
>

/** Spells a refusal of the token itself. */
export function refuse(code: keyof typeof spellings, cause: string | undefined): Refusal {
  return { code, ...spellings[code], cause }
}

/** Spells the refusal of a good token that permits too little; `needed` are permissions, which hold no quote. */
export function refuseScope(needed: readonly string[]): Refusal {
  return {
    code: 'insufficient_permissions',
    status: 403,
    message: 'This access token does not carry the permission that this call needs.',
    headers: {
      'WWW-Authenticate': `${bareChallenge}, error="insufficient_scope", scope="${needed.join(' ')}"`,
    },
    cause: undefined,
  }
}

/** The answer to a refused call: the gateway's error envelope, without details and request id. */
export function refusalAnswer(refusal: Refusal): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const { status, code, message } = refusal
  return {
    status,
    headers: { ...refusal.headers, 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error: { code, message }, meta: { timestamp: new Date().toISOString() } }),
  }
}
