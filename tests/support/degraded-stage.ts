import { vi } from 'vitest'
import type { Policy } from '../../src/core/policy.ts'
import { writeBackSessions } from '../../src/core/tokens/write-back.ts'
import { catchUp } from '../../src/runtime/synchronize.ts'
import { openRelay } from '../hostile/relay.ts'
import type { Answer } from './call.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'
import { createTestGateway, type TestGateway } from './test-gateway.ts'

/** Two instances on one database, and the way of one of them there, which can be cut. Neither hears of the other by itself. */
export interface DegradedStage {
  readonly database: TestDatabase
  /** Cuts the way of one of them. */
  readonly cutOff: () => Promise<void>
  /** Opens it again, and waits until it is found to be open. */
  readonly mend: () => Promise<void>
  /** The one whose way can be cut; it exchanges from memory. */
  readonly cut: TestGateway
  /** The one whose way stays. */
  readonly whole: TestGateway
  /** A call of an administrator at the whole one. */
  readonly asAdmin: (method: string, path: string, json?: unknown) => Promise<Answer>
  /** A fresh key, which the instance that can be cut has not seen. */
  readonly aKey: (wanted?: object) => Promise<StageKey>
  readonly exchange: (apiKey: string, at?: TestGateway) => Promise<Answer>
  readonly refresh: (refreshToken: string, at?: TestGateway) => Promise<string>
  readonly me: (access: string, at?: TestGateway) => Promise<string>
  /** Writes back at the instance that was cut, as its upkeep does each second. */
  readonly writeBack: () => Promise<void>
  /** Has an instance hear of all that it has missed. */
  readonly hear: (at: TestGateway) => Promise<void>
  readonly pass: (seconds: number) => void
  readonly close: () => Promise<void>
}

export interface StageKey {
  readonly id: string
  readonly apiKey: string
  readonly clientId: string
}

export async function openDegradedStage(policy: Partial<Policy>): Promise<DegradedStage> {
  const database = await migratedDatabase()
  const relay = await openRelay(database.url)
  const whole = await createTestGateway({ database })
  const cut = await createTestGateway({ database: { ...database, url: relay.url }, policy })
  const asAdmin: DegradedStage['asAdmin'] = async (method, path, json) => {
    const token = await whole.accessToken()
    return whole.call(method, `/api/v1${path}`, { token, ...(json !== undefined && { json }) })
  }
  return {
    database,
    cutOff: relay.cut,
    async mend() {
      await relay.mend()
      await vi.waitFor(() => cut.world.store.probe(), { timeout: 10_000, interval: 10 })
    },
    cut,
    whole,
    asAdmin,
    async aKey(wanted = {}) {
      const permissions = ['orders:read', 'orders:write']
      const client = await asAdmin('POST', '/clients', { name: crypto.randomUUID(), permissions })
      const clientId = client.body.data.id
      const key = await asAdmin('POST', `/clients/${clientId}/keys`, { name: 'k', permissions, ...wanted })
      if (key.status !== 201) throw new Error(`No key: ${key.text}`)
      return { id: key.body.data.id, apiKey: key.body.data.api_key, clientId }
    },
    exchange: (apiKey, at = cut) => at.call('POST', '/api/v1/auth/token/', { json: { apiKey } }),
    refresh: async (refresh, at = cut) =>
      codeOf(await at.call('POST', '/api/v1/auth/token/refresh/', { json: { refresh } })),
    me: async (token, at = cut) => codeOf(await at.call('GET', '/api/v1/me', { token })),
    writeBack: () => writeBackSessions({ world: cut.world, policy: cut.service.policy, memory: cut.memory }),
    hear: (at) => catchUp(at.world, at.memory),
    pass(seconds) {
      cut.pass(seconds)
      whole.pass(seconds)
    },
    async close() {
      await cut.close()
      await whole.close()
      await relay.close()
      await database.drop()
    },
  }
}

/** The status, and the code of a refusal. */
export function codeOf({ status, body }: Answer): string {
  return status < 300 ? String(status) : `${status} ${body.error.code}`
}
