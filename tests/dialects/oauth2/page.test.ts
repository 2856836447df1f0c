import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spellings } from '../../../src/dialects/oauth2/refuse.ts'
import { migratedDatabase, type TestDatabase } from '../../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { claimsOf } from '../../support/oauth.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/dialects/oauth2.md'), 'utf8')

let database: TestDatabase
let gateway: GatewayProcess

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

describe('the page of this face', () => {
  it('has examples that work as they are pasted', async () => {
    const shell = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code)
    const script = [...shell, 'echo', 'echo "$NARROW"', 'echo "$RENEWED"'].join('\n')
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
      env: {
        PATH: process.env['PATH'],
        GUICHET_URL: gateway.url,
        GUICHET_API_KEY: await gateway.firstKey(),
      },
    })
    const [inspectedAndRevoked, narrow = '', renewed = ''] = stdout.split('\n')
    expect(inspectedAndRevoked).toMatch(/^\{"active":true,.*\}\{\}$/)
    expect(claimsOf(JSON.parse(narrow).access_token)['scope']).toBe('orders:read')
    expect(JSON.parse(renewed)).toHaveProperty('refresh_token')
  })

  it('lists every error with its status, and no other', () => {
    const [, table = ''] = page.split('\n## Errors\n')
    const rows = [...table.matchAll(/^\| `(\w+)` \| (\d+) \| (.*) \|$/gm)]
    expect(rows.map(([, error]) => error).sort()).toEqual(
      [...new Set(Object.values(spellings).map(({ error }) => error))].sort(),
    )
    for (const [, error, status, when = ''] of rows) {
      const others = Object.entries(spellings)
        // What the operator's own APIs behind the gateway are refused with is no answer of this face.
        .filter(([reason]) => !/^(?:path|proxy|upstream|request_stalled)/.test(reason))
        .map(([, spelling]) => spelling)
        .filter((spelling) => spelling.error === error && String(spelling.status) !== status)
        .map((spelling) => String(spelling.status))
        // Those stand for refusals of the native face's own routes.
        .filter((other) => other !== '404' && other !== '409')
      expect([error, others.filter((other) => !when.includes(other))]).toEqual([error, []])
    }
  })
})
