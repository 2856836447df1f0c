import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { migratedDatabase } from './database.ts'
import { startGatewayProcess, testSecret } from './gateway-process.ts'
import { startTestWorker } from './worker.ts'

export interface LiveGateway {
  readonly url: string
  readonly adminKey: string
  readonly stop: () => Promise<void>
}

type Environment = Readonly<Record<string, string>>

/** Every place where Guichet runs, each started as an operator would. */
export const platforms: Readonly<Record<string, (env?: Environment) => Promise<LiveGateway>>> = {
  'Node with the embedded database': async (env = {}) => {
    const gateway = await startGatewayProcess(env)
    return { url: gateway.url, adminKey: await gateway.firstKey(), stop: gateway.remove }
  },

  'Node with PostgreSQL': async (env = {}) => {
    const database = await migratedDatabase()
    const gateway = await startGatewayProcess({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      ...env,
    })
    return {
      url: gateway.url,
      adminKey: await gateway.firstKey(),
      stop: async () => {
        await gateway.remove()
        await database.drop()
      },
    }
  },

  'workerd with PostgreSQL': async (env = {}) => {
    const database = await migratedDatabase()
    const adminKey = mintApiKeyText(system, 'gk')
    const worker = await startTestWorker(database.url, {
      GUICHET_SECRET: testSecret,
      BOOTSTRAP_API_KEY: adminKey,
      ...env,
    })
    return {
      url: worker.url,
      adminKey,
      stop: async () => {
        await worker.stop()
        await database.drop()
      },
    }
  },
}
