import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { facesOf } from '../../../src/dialects/all.ts'
import { spellings } from '../../../src/dialects/mytone/refuse.ts'
import { migratedDatabase } from '../../support/database.ts'
import { startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/dialects/mytone.md'), 'utf8')

let gateway: TestGateway
beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

describe('the wire of this face', () => {
  it('has the words of FastAPI for what is not there', async () => {
    const token = await gateway.accessToken()
    const unknown = await gateway.call('GET', '/auth/nope', { token })
    expect([unknown.status, unknown.body]).toEqual([404, { detail: 'Not Found' }])
    const stranger = await gateway.call('GET', '/auth/nope')
    expect([stranger.status, stranger.body]).toEqual([401, { detail: 'Not authenticated' }])
    const method = await gateway.call('GET', '/auth/login')
    expect([method.status, method.headers.get('allow'), method.body]).toEqual([
      405,
      'POST',
      { detail: 'Method Not Allowed' },
    ])
  })

  it('answers with and without a slash at the end, and carries the id of the request', async () => {
    const headers = { 'X-Request-Id': 'of-the-site' }
    for (const path of ['/auth/me', '/auth/me/']) {
      const answer = await gateway.call('GET', path, { headers })
      expect([answer.status, answer.headers.get('x-request-id')]).toEqual([401, 'of-the-site'])
    }
  })

  it('is not that of the Supabase face, whose paths lie below it', async () => {
    const stranger = await gateway.call('GET', '/auth/v1/nope')
    expect([stranger.status, stranger.body.detail]).toEqual([401, undefined])
  })

  it('is moved by BASE_PATH, and answers as any unknown path does when it is off', async () => {
    const moved = await createTestGateway({ app: { basePath: '/gw' } })
    const off = await createTestGateway({ app: { mounts: facesOf(['native']) } })
    try {
      const json = { identifier: 'nobody', password: 'x' }
      const there = await moved.call('POST', '/gw/auth/login', { json })
      expect(there.body).toEqual({ detail: 'Incorrect identifier or password' })
      const gone = await off.call('POST', '/auth/login', { json })
      expect([gone.status, gone.body.error.code]).toEqual([401, 'missing_token'])
    } finally {
      await moved.close()
      await off.close()
    }
  })
})

describe('the page of this face', () => {
  it('has examples that work as they are pasted, and answer what they say', async () => {
    const database = await migratedDatabase()
    const process = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
    try {
      const [register = '', use = ''] = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code)
      // Each answer on a line of its own.
      const script = [register, 'echo', use.replaceAll(/^(?:curl|post) .*$/gm, '$&; echo')].join('\n')
      const { stdout } = await promisify(execFile)('bash', [
        '-euo',
        'pipefail',
        '-c',
        moved(script, process.url),
      ])
      const answers = stdout
        .trim()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line)))
      const tokens = ['access_token', 'refresh_token', 'token_type']
      expect(answers).toEqual([
        ['user', ...tokens],
        expect.arrayContaining(['id', 'username']),
        tokens,
        tokens,
        ['detail'],
      ])
    } finally {
      await process.remove()
      await database.drop()
    }
  })

  const moved = (script: string, url: string) => script.replaceAll('http://localhost:3000', url)

  const rows = [...page.matchAll(/^\| (\d{3}) \| `([^`]+)` \|/gm)].map(([, status, detail]) => [
    Number(status),
    detail,
  ])

  it('lists every sentence of its own with its status, and no other', () => {
    // What stands for a refusal of another face, or of the APIs behind, has only the name of its status.
    const byStatus = [
      'Bad Request',
      'Conflict',
      'Forbidden',
      'Request Timeout',
      'Bad Gateway',
      'Gateway Timeout',
    ]
    const spelled = Object.values(spellings).flatMap(({ status, detail }) =>
      typeof detail === 'string' && !byStatus.includes(detail) ? [[status, detail]] : [],
    )
    const said = [
      ...spelled,
      [403, 'Second factor required'],
      [403, 'Second factor must be set up'],
      [202, 'Email confirmation required'],
      [200, 'Signed out'],
    ]
    const unique = (list: readonly unknown[]) => [...new Set(list.map((one) => JSON.stringify(one)))].sort()
    expect(unique(rows)).toEqual(unique(said))
  })
})
