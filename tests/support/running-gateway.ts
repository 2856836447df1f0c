import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import type { Policy } from '../../src/core/policy.ts'
import { type RunningGateway, startGateway } from '../../src/runtime/start.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { type Answer, type Call, init, readAnswer } from './call.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { testSecret } from './gateway-process.ts'

export interface TestServer extends RunningGateway {
  readonly database: TestDatabase
  readonly adminKey: string
  /** All lines of the log so far. */
  readonly lines: readonly Record<string, unknown>[]
  readonly call: (method: string, path: string, options?: Call) => Promise<Answer>
  readonly token: (apiKey?: string, narrowing?: object) => Promise<string>
  /** Makes a client with a key of these permissions, and answers the key's text and id. */
  readonly key: (
    permissions: readonly string[],
    order?: object,
  ) => Promise<{ readonly apiKey: string; readonly id: string }>
  readonly remove: () => Promise<void>
}

/** The whole gateway, listening in this process, on a real PostgreSQL. */
export async function startTestServer(
  env: Readonly<Record<string, string>> = {},
  /** What no setting allows: lifetimes that a test can wait for. */
  { policy }: { readonly policy?: Partial<Policy> } = {},
): Promise<TestServer> {
  const database = await migratedDatabase()
  const settings = parseSettings({
    PORT: '0',
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'guichet-test-data-')),
    SHUTDOWN_GRACE_SECONDS: '2',
    ...env,
  })
  if (!settings.ok) throw new Error(JSON.stringify(settings.failure))
  const lines: Record<string, unknown>[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const gateway = await startGateway({
    settings: { ...settings.value, policy: { ...settings.value.policy, ...policy } },
    logger,
    showOnce: undefined,
    onFatal: () => {},
  })
  const adminKey = (await readFile(join(settings.value.dataDir, 'first-key'), 'utf8')).trim()
  const call = async (method: string, path: string, options: Call = {}) =>
    readAnswer(await fetch(`${gateway.url}${path}`, { method, redirect: 'manual', ...init(options) }))
  const token = async (apiKey = adminKey, narrowing = {}) => {
    const answer = await call('POST', '/api/v1/auth/token/', { json: { apiKey, ...narrowing } })
    if (answer.status !== 200) throw new Error(`No token: ${answer.text}`)
    return answer.body.data.access as string
  }
  let clients = 0
  return {
    ...gateway,
    database,
    adminKey,
    lines,
    call,
    token,
    async key(permissions, order = {}) {
      const admin = await token()
      clients++
      const client = await call('POST', '/api/v1/clients', {
        token: admin,
        json: { name: `client-${clients}`, permissions },
      })
      const made = await call('POST', `/api/v1/clients/${client.body.data.id}/keys`, {
        token: admin,
        json: { name: 'key', permissions, ...order },
      })
      if (made.status !== 201) throw new Error(`No key: ${made.text}`)
      return { apiKey: made.body.data.api_key, id: made.body.data.id }
    },
    async remove() {
      await gateway.stop()
      await rm(settings.value.dataDir, { recursive: true, force: true })
      await database.drop()
    },
  }
}
