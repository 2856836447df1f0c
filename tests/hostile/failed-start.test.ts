import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { runGatewayToItsEnd, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type PasswordRole, roleWithPassword, secretsIn } from './secret-spellings.ts'

const databasePassword = `db pass/${crypto.randomUUID()}@:%`
const secretCanary = `short-${crypto.randomUUID().slice(0, 20)}`

let database: TestDatabase
let role: PasswordRole

beforeAll(async () => {
  database = await freshDatabase()
  role = await roleWithPassword(database, databasePassword)
  const first = await startGatewayProcess({ DATABASE_URL: role.url, GUICHET_SECRET: testSecret })
  await first.remove()
})

afterAll(async () => {
  await database.drop()
  await role.drop()
})

describe('a start that fails', () => {
  const at = (change: (url: URL) => void) => {
    const url = new URL(role.url)
    change(url)
    return { DATABASE_URL: url.href }
  }

  it('says what is wrong and not one secret', async () => {
    const starts: readonly Readonly<Record<string, string>>[] = [
      at((url) => Object.assign(url, { port: '1' })),
      at((url) => Object.assign(url, { username: 'no_such_role' })),
      { DATABASE_URL: role.url.replace('%25', '%zz') },
      { DATABASE_URL: role.url, GUICHET_SECRET: `${testSecret} but another` },
      {
        DATABASE_URL: `host=127.0.0.1 password=${databasePassword}`,
        GUICHET_SECRET: secretCanary,
        PORT: secretCanary,
        PUBLIC_URL: secretCanary,
        CORS_ORIGINS: secretCanary,
        KEY_PREFIX: secretCanary,
        LOG_LEVEL: secretCanary,
        SIGNING_ALG: secretCanary,
      },
    ]
    const ends = await Promise.all(
      starts.map((env) => runGatewayToItsEnd({ GUICHET_SECRET: testSecret, LOG_LEVEL: 'trace', ...env })),
    )
    for (const [index, { code, output }] of ends.entries()) {
      expect([index, code]).toEqual([index, 1])
      expect(output).toContain('guichet: ')
      expect(secretsIn(output, { databasePassword, secretCanary, testSecret })).toEqual([])
      expect(output).not.toContain(encodeURIComponent(databasePassword).slice(0, 30))
    }
  }, 60_000)
})
