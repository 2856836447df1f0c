import { resolve } from 'node:path'
import newman, { type RunOptions, type Summary } from 'newman'
import { migratedDatabase } from './database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from './gateway-process.ts'

const postman = resolve(import.meta.dirname, '../../docs/postman')
export const collection = resolve(postman, 'guichet.postman_collection.json')
export const environment = resolve(postman, 'guichet.postman_environment.json')

export interface PostmanRun {
  readonly gateway: GatewayProcess
  readonly apiKey: string
  readonly remove: () => Promise<void>
}

/** A gateway for the collection to be run against. */
export async function startPostmanRun(env: Readonly<Record<string, string>> = {}): Promise<PostmanRun> {
  const database = await migratedDatabase()
  const gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    ...env,
  })
  return {
    gateway,
    apiKey: await gateway.firstKey(),
    async remove() {
      await gateway.remove()
      await database.drop()
    },
  }
}

/** Runs the collection, or some of its folders, as its user would: with the environment and the key. */
export function runPostman(
  { gateway, apiKey }: PostmanRun,
  options: {
    readonly folder?: string | readonly string[]
    readonly variables?: Readonly<Record<string, string>>
  } = {},
): Promise<Summary['run']> {
  const variables = { baseUrl: gateway.url, apiKey, ...options.variables }
  return runNewman({
    collection,
    environment,
    envVar: Object.entries(variables).map(([key, value]) => ({ key, value })),
    ...(options.folder !== undefined && { folder: options.folder }),
  })
}

export function runNewman(options: RunOptions): Promise<Summary['run']> {
  return new Promise((done, failed) => {
    newman.run(options, (error, summary) => (error === null ? done(summary.run) : failed(error)))
  })
}

export const failuresOf = ({ failures }: Summary['run']) =>
  failures.map(({ source, error }) => `${source?.name}: ${error.test ?? ''} ${error.message}`)
