import type { JWK } from 'jose'
import type { AccountStore } from './accounts/account-store.ts'
import type { Captcha } from './accounts/captcha.ts'
import type { Passwords } from './accounts/passwords.ts'
import type { AuditStore } from './audit/audit-store.ts'
import type { AuditEvent } from './audit/event.ts'
import type { Client } from './clients/client.ts'
import type { Eventually } from './eventually.ts'
import type { ApiKey, KeyWithClient } from './keys/api-key.ts'
import type { Replay } from './keys/idempotency.ts'
import type { KeyUsage, KeyUse } from './keys/key-usage.ts'
import type { Alarm } from './leaks/alarm.ts'
import type { RateOutcome, RateTake } from './limits/rate-limit.ts'
import type { Page } from './page.ts'
import type { SigningAlgorithm } from './policy.ts'
import type { Revocation } from './tokens/revocations.ts'
import type {
  KeySession,
  Session,
  SessionFilter,
  SessionRotation,
  SessionUse,
  SessionWithKey,
} from './tokens/session.ts'
import type { SigningKeyRecord } from './tokens/signing-key-state.ts'

/** All that the core asks of the outside: the clock, the dice, the secrets, the signatures and the store. */
export interface World {
  readonly now: () => Date
  /** Base62 text of `length` characters from a cryptographic source. */
  readonly randomText: (length: number) => string
  /** A fresh UUID. */
  readonly newId: () => string
  /** SHA-256 of a text: a short name for it that no other text has. */
  readonly fingerprint: (text: string) => string
  readonly vault: Vault
  readonly signatures: Signatures
  readonly addresses: Addresses
  readonly passwords: Passwords
  readonly oneTimeCodes: OneTimeCodes
  /** Who tells people from machines; undefined where the operator has nobody who does. */
  readonly captcha: Captcha | undefined
  /** Tells the operator and the owner of an alarm, on its own time: it neither waits nor throws. */
  readonly raise: (alarm: Alarm) => void
  /** Tells this process's delivery that a mail is on its way into the outbox: it neither waits nor throws. */
  readonly mailQueued: () => void
  readonly store: Store
}

/** What a digest or a sealed text is for; each purpose has its own key, so that none can stand in for another. */
export type Purpose =
  | 'api-key'
  | 'refresh-token'
  | 'refresh-token-tag'
  | 'refresh-token-successor'
  | 'signing-key'
  | 'idempotency'
  | 'audit'
  | 'one-time-token'
  | 'sign-in-challenge'
  | 'mailed-code'
  | 'recovery-code'
  | 'factor-secret'
  | 'sign-in-subject'
  | 'device'
  | 'mail'
  | 'backup'

/** Hashes and encrypts under the secrets that live outside the database: the first writes, all read. */
export interface Vault {
  /** HMAC-SHA-256 of `text`, as `<secret id>.<base64url>`. */
  readonly digest: (purpose: Purpose, text: string) => string
  /** Compares in constant time; false also when the digest's secret is not among ours. */
  readonly matches: (purpose: Purpose, text: string, digest: string) => boolean
  /** Says whether a digest's secret is among ours: only then is a mismatch the text's fault. */
  readonly knows: (digest: string) => boolean
  /** HMAC-SHA-256 of `text` as bare bytes under each secret, the writing one first. */
  readonly macs: (purpose: Purpose, text: string) => readonly Uint8Array[]
  readonly seal: (purpose: Purpose, plain: string) => string
  /** Says whether a digest or a sealed text was made under the secret that writes today. */
  readonly isCurrent: (text: string) => boolean
  /** The sealed text again; undefined when none of the secrets opens it. */
  readonly unseal: (purpose: Purpose, sealed: string) => string | undefined
}

/** Signs a payload and answers the compact JWS (RFC 7515 §7.1). The header is given as it stands there: in base64url. */
export type Signer = (header: string, payload: string) => Eventually<string>

/** Key generation and signing, which the platform does fastest. Verification is jose's everywhere. */
export interface Signatures {
  readonly generate: (algorithm: SigningAlgorithm) => Promise<JWK>
  readonly signer: (algorithm: SigningAlgorithm, privateJwk: JWK) => Promise<Signer>
}

/** Reads internet addresses; the platform knows how. */
export interface Addresses {
  readonly isCidr: (text: string) => boolean
  /** The network of one customer, which limits count as one: an IPv4 address, an IPv6 /64. */
  readonly site: (address: string) => string
  /** Says whether an address lies in one of the networks; false for what is no address. */
  readonly within: (address: string, cidrs: readonly string[]) => boolean
}

/** The codes of authenticator apps (RFC 6238): six digits, SHA-1, 30 seconds. */
export interface OneTimeCodes {
  /** A fresh secret in base32. */
  readonly newSecret: () => string
  /** The `otpauth:` address that an app takes the secret from. */
  readonly uri: (of: { readonly secret: string; readonly issuer: string; readonly account: string }) => string
  /** The time step that the code is of, one to either side of `now`; undefined when it is of none. */
  readonly matches: (secret: string, code: string, now: Date) => number | undefined
  /** A text as a QR code in SVG. */
  readonly qrSvg: (text: string) => string
}

/** The database, as atomic verbs: each method is one statement or one transaction. */
export interface Store
  extends ClientStore,
    KeyStore,
    LimitStore,
    SessionStore,
    RevocationStore,
    PruneStore,
    SigningKeyStore,
    AuditStore,
    AccountStore {
  /** Answers when the database does, and when its schema is the one that this code needs. */
  readonly probe: () => Promise<void>
}

export interface ClientStore {
  /** Adds the very first client and its key; false, and nothing added, when there already is a client. */
  readonly insertFirstClient: (client: Client, key: ApiKey, event?: AuditEvent) => Promise<boolean>
  /** Adds a client; false when its name is taken. */
  readonly insertClient: (client: Client) => Promise<boolean>
  readonly findClient: (id: string) => Promise<Client | undefined>
  readonly listClients: (page: Page) => Promise<readonly Client[]>
  readonly anyClient: () => Promise<boolean>
  /** Ends all sessions and tokens of a client from before `revocation.cutoff`; undefined when there is no such client. */
  readonly cutOffClient: (id: string, revocation: Revocation) => Promise<Client | undefined>
}

export interface KeyStore {
  /** Adds a key; false, and nothing added, when the replay's call has been answered before. */
  readonly insertKey: (key: ApiKey, replay: Replay | undefined) => Promise<boolean>
  readonly findKey: (id: string) => Promise<KeyWithClient | undefined>
  readonly listKeys: (clientId: string, page: Page) => Promise<readonly ApiKey[]>
  /** Writes the key if the store still has the version before it, with the revocation of its tokens. */
  readonly replaceKey: (key: ApiKey, revocation: Revocation | undefined) => Promise<boolean>
  /** Writes the retiring key as above and adds its successor, both or neither. */
  readonly succeedKey: (retiring: ApiKey, successor: ApiKey, replay: Replay | undefined) => Promise<boolean>
  readonly deleteKey: (id: string, revocation: Revocation) => Promise<boolean>
  /** Replaces a digest that an older secret made. */
  readonly rehashKey: (id: string, digest: { readonly from: string; readonly to: string }) => Promise<void>
  readonly findReplay: (id: string) => Promise<Replay | undefined>
  readonly findKeyUsage: (id: string) => Promise<KeyUsage | undefined>
  /** Adds up the uses of many keys at once. */
  readonly addKeyUses: (uses: readonly KeyUse[]) => Promise<void>
}

export interface LimitStore {
  /** Takes one call of a GCRA bucket, if it holds one, for all instances together. */
  readonly takeRate: (take: RateTake) => Promise<RateOutcome>
  /** What `takeRate` would answer, without taking. */
  readonly peekRate: (take: RateTake) => Promise<RateOutcome>
  /** Takes one call of a quota; answers how many have been taken, undefined when none was left. */
  readonly takeQuota: (keyId: string, quota: number) => Promise<number | undefined>
  /** What `takeQuota` would answer, without taking. */
  readonly peekQuota: (keyId: string, quota: number) => Promise<number | undefined>
}

export interface SessionStore {
  /**
   * Adds the session if its key is still in the version that was judged, and the event that tells of it, both or
   * neither; false when it no longer is.
   */
  readonly openSession: (session: KeySession, keyVersion: number, event?: AuditEvent) => Promise<boolean>
  /** The same of a session whose tokens are out already; one that has been added before stays as it is. */
  readonly openSessionLate: (session: KeySession, keyVersion: number, event: AuditEvent) => Promise<boolean>
  /** Adds such a session as one that is over, with the events that tell of it and the end of its tokens, all or none. */
  readonly endSessionLate: (
    session: KeySession,
    events: readonly AuditEvent[],
    revocation: Revocation,
  ) => Promise<void>
  /** Marks the session used at `at` and answers it; its key is told by its version. */
  readonly useSession: (id: string, at: Date) => Promise<SessionUse | undefined>
  readonly findSession: (id: string) => Promise<SessionWithKey | undefined>
  /** Rotates in one statement, if session, key and refresh token are still as they were judged; false when one is not. */
  readonly rotateSession: (id: string, rotation: SessionRotation) => Promise<boolean>
  /** The sessions of machines that live at `now`, in the order of their ids. */
  readonly listSessions: (filter: SessionFilter, now: Date) => Promise<readonly KeySession[]>
  /** Ends a session and its tokens; undefined when there is none. */
  readonly endSession: (id: string, revocation: Revocation) => Promise<Session | undefined>
}

export interface RevocationStore {
  readonly insertRevocation: (revocation: Revocation) => Promise<void>
  /** The revocations that still concern somebody at `now`, of those made since. */
  readonly listRevocations: (now: Date, since: Date | undefined) => Promise<readonly Revocation[]>
}

export interface PruneStore {
  /** Deletes at most `limit` rows of each table that has run out; answers the most that one table had. */
  readonly prune: (what: {
    readonly sessionsBefore: Date
    readonly mailsBefore: Date
    /** When failures to sign in are so old that they slow nobody down. */
    readonly failuresBefore: Date
    /** Up to when sign-ins are no longer shown, and devices no longer known. */
    readonly signInsBefore: Date
    readonly before: Date
    readonly limit: number
  }) => Promise<number>
  /** What the database's own clock shows. */
  readonly databaseTime: () => Promise<Date>
}

export interface SigningKeyDecision<T> {
  /** The records as they are to be from now on; those that are not named stay. */
  readonly write: readonly SigningKeyRecord[]
  readonly outcome: T
}

export interface SigningKeyStore {
  readonly listSigningKeys: () => Promise<readonly SigningKeyRecord[]>
  /** Decides over all signing keys and writes what was decided, one caller at a time of all instances. */
  readonly changeSigningKeys: <T>(
    decide: (records: readonly SigningKeyRecord[]) => SigningKeyDecision<T>,
  ) => Promise<T>
}
