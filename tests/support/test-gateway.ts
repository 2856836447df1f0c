import type { Captcha } from '../../src/core/accounts/captcha.ts'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { makeFirstKey } from '../../src/core/keys/first-key.ts'
import type { Alarm } from '../../src/core/leaks/alarm.ts'
import { createGuessGuard } from '../../src/core/limits/guess-guard.ts'
import type { Policy } from '../../src/core/policy.ts'
import type { World } from '../../src/core/ports.ts'
import { createService, type Service } from '../../src/core/service.ts'
import type { Memory } from '../../src/core/service-parts.ts'
import type { KeyRing } from '../../src/core/tokens/signing-key-ring.ts'
import { faces } from '../../src/dialects/all.ts'
import { type BehindTheCounter, createGateway } from '../../src/gateway/gateway.ts'
import type { GatewayRules } from '../../src/gateway/rules.ts'
import { type AppOptions, createApp, type Gateway } from '../../src/http/app.ts'
import type { RequestLine } from '../../src/http/gateway-env.ts'
import { loadMemory } from '../../src/runtime/memory.ts'
import { createNodeWorld } from '../../src/runtime/node-world.ts'
import { migratePostgres, openPostgres } from '../../src/runtime/postgres.ts'
import { workerWire } from '../../src/runtime/worker/worker-wire.ts'
import { createStore } from '../../src/store/store.ts'
import { type Answer, type Call, init, readAnswer } from './call.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { testSecret } from './gateway-process.ts'
import { quickPasswords } from './quick-passwords.ts'

export const testPolicy: Policy = {
  issuer: 'https://gateway.test',
  audiences: ['https://gateway.test', 'https://orders.test'],
  accessTtlSeconds: 3600,
  refreshTtlSeconds: 604_800,
  userAccessTtlSeconds: 1800,
  userRefreshTtlSeconds: 86_400,
  clockSkewSeconds: 5,
  signingAlgorithm: 'ES256',
  signingKeyRotationDays: 30,
  keyPrefix: 'gk',
  revocationsStaleSeconds: 300,
  degradedExchangeSeconds: 0,
  accounts: {
    registration: 'open',
    emailConfirmation: 'required',
    passwordMinLength: 15,
    secondFactorRoles: [],
  },
  supabase: {
    enabled: true,
    issuer: 'https://gateway.test/auth/v1',
    siteUrl: 'https://site.test',
    redirectUrls: [],
    signup: 'open',
    autoconfirm: true,
    anonymous: false,
    passwordMinLength: 6,
    accessTtlSeconds: 3600,
    idleTtlSeconds: 31_536_000,
    reuseIntervalSeconds: 10,
    otpTtlSeconds: 3600,
    secureEmailChange: true,
    reauthenticates: false,
    asksCurrentPassword: false,
    sms: false,
    jwtSecret: undefined,
    jwtAlgorithm: undefined,
    trustedJwks: [],
  },
  mytone: { accessTtlSeconds: 1800, refreshTtlSeconds: 604_800, emailConfirmation: 'required' },
}

export interface TestGateway extends Gateway {
  readonly world: World
  readonly service: Service
  readonly behind: BehindTheCounter
  readonly signingKeys: KeyRing
  readonly memory: Memory
  readonly database: TestDatabase
  /** The key of the client "admin", who may do everything. */
  readonly adminKey: string
  readonly requestLines: RequestLine[]
  readonly faults: unknown[]
  readonly alarms: Alarm[]
  /** Lets seconds pass. */
  readonly pass: (seconds: number) => void
  /** Lets seconds pass in which the revocation feed brings nothing. */
  readonly passUnheard: (seconds: number) => void
  readonly call: (method: string, path: string, options?: Call) => Promise<Answer>
  /** Where calls come from from now on. */
  readonly comeFrom: (address: string | undefined) => void
  /** Answers a request, for a server in front. */
  readonly answer: (request: Request) => Promise<Response>
  /** Exchanges a key and answers the access token. */
  readonly accessToken: (apiKey?: string, narrowing?: object) => Promise<string>
  /** Writes down who used which key, as a running process does every second. */
  readonly flushUsage: () => Promise<void>
  readonly close: () => Promise<void>
}

/** The gateway in this process, on a real PostgreSQL, with a clock that is moved by hand. */
export async function createTestGateway(
  options: {
    readonly policy?: Partial<Policy>
    readonly app?: Partial<AppOptions>
    readonly secrets?: readonly string[]
    /** The database of another test gateway, which stays its own to drop. */
    readonly database?: TestDatabase
    readonly rules?: GatewayRules
    readonly captcha?: Captcha | undefined
    /** Whether the peer of every call is one of the operator's proxies. */
    readonly trustsPeer?: boolean
    /** What its clock shows at the start: of use to clients that have a clock of their own. */
    readonly startsAt?: Date
  } = {},
): Promise<TestGateway> {
  const database = options.database ?? (await migratedDatabase())
  const settings = { url: database.url, poolMax: 10, connectTimeoutMs: 2000, queryTimeoutMs: 5000 }
  // One that a test brings may be empty.
  if (options.database !== undefined) await migratePostgres(settings)
  const opened = openPostgres(settings, () => {})
  const policy = { ...testPolicy, ...options.policy }
  let nowMs = options.startsAt?.getTime() ?? Date.parse('2026-01-01T00:00:00.500Z')
  const alarms: Alarm[] = []
  const outside = createNodeWorld(createStore(opened.db, opened.hotPath), options.secrets ?? [testSecret], {
    raise: (alarm) => alarms.push(alarm),
    passwords: quickPasswords,
    captcha: options.captcha,
  })
  const world: World = { ...outside, now: () => new Date(nowMs) }
  const adminKey = mintApiKeyText(world, policy.keyPrefix)
  await makeFirstKey({ world, policy }, { wished: adminKey })
  const memory = await loadMemory(world, policy, {
    directory: { maxEntries: 1000, maxAgeMs: 60_000, looksOutliveCalls: true },
    guessGuard: createGuessGuard(),
  })
  const { signingKeys } = memory
  const service = createService({ world, policy, memory })
  const behind = createGateway(options.rules, { basePath: '' })
  const gateway = createApp({ mounts: faces, basePath: '', corsOrigins: [], behind, ...options.app })
  let address: string | undefined = '192.0.2.1'
  const requestLines: RequestLine[] = []
  const faults: unknown[] = []
  const bindings = {
    service,
    draining: false,
    addressOf: () => address,
    log: {
      request: (line: RequestLine) => requestLines.push(line),
      fault: (error: unknown) => faults.push(error),
    },
  }
  const surroundings = {
    peer: '192.0.2.1',
    trustedProxies: options.trustsPeer === true ? ['192.0.2.0/24'] : [],
    bindings: {},
    keepStreamsHonest: undefined,
  }
  const answer = async (request: Request) => {
    const wire = () => workerWire(request, surroundings)
    const header = (name: string) => request.headers.get(name) ?? undefined
    return gateway.app.fetch(request, { ...bindings, header, wire })
  }
  const call = async (method: string, path: string, options: Call = {}) =>
    readAnswer(await answer(new Request(`http://gateway.test${path}`, { method, ...init(options) })))
  return {
    ...gateway,
    answer,
    world,
    service,
    behind,
    signingKeys,
    memory,
    comeFrom: (other) => {
      address = other
    },
    database,
    adminKey,
    requestLines,
    faults,
    alarms,
    call,
    passUnheard: (seconds) => {
      nowMs += seconds * 1000
    },
    pass: (seconds) => {
      nowMs += seconds * 1000
      // As the feed of a running process does.
      memory.revocations.markSynced(new Date(nowMs))
    },
    async accessToken(apiKey = adminKey, narrowing = {}) {
      const answer = await call('POST', '/api/v1/auth/token/', { json: { apiKey, ...narrowing } })
      if (answer.status !== 200) throw new Error(`No token: ${answer.text}`)
      return answer.body.data.access
    },
    flushUsage: () => world.store.addKeyUses(memory.usage.takeAll()),
    async close() {
      await opened.close()
      if (options.database === undefined) await database.drop()
    },
  }
}
