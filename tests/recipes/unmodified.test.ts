import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

let folder: string
let python: ChildProcess
let gateway: TestServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-site-'))
  await mkdir(join(folder, 'reports'))
  await writeFile(join(folder, 'reports', 'today.txt'), 'bonjour')
  python = spawn('python3', ['-um', 'http.server', '0', '--bind', '127.0.0.1', '--directory', folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(python.stdout!, 'data')
  const port = /port (\d+)/.exec(String(line))?.[1]
  gateway = await startTestServer({ UPSTREAM_URL: `http://127.0.0.1:${port}` })
})

afterAll(async () => {
  await gateway?.remove()
  python?.kill()
  await rm(folder, { recursive: true, force: true })
})

describe('a server that knows nothing of tokens, behind one setting', () => {
  it('is closed to strangers and serves whoever has a token', async () => {
    expect((await gateway.call('GET', '/reports/today.txt')).status).toBe(401)
    const token = await gateway.token()
    const file = await gateway.call('GET', '/reports/today.txt', { token })
    expect([file.status, file.text, file.headers.get('content-type')]).toEqual([200, 'bonjour', 'text/plain'])
    expect(file.headers.get('server')).toMatch(/^SimpleHTTP/)
    const head = await gateway.call('HEAD', '/reports/today.txt', { token })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '7'])
  })

  it('has its own redirects and errors passed on', async () => {
    const token = await gateway.token()
    const moved = await gateway.call('GET', '/reports', { token })
    expect([moved.status, moved.headers.get('location')]).toEqual([301, '/reports/'])
    const missing = await gateway.call('GET', '/nothing', { token })
    expect([missing.status, missing.text]).toEqual([404, expect.stringContaining('File not found')])
    const posted = await gateway.call('POST', '/reports/', { token, json: {} })
    expect([posted.status, posted.text]).toEqual([501, expect.stringContaining('Unsupported method')])
  })
})
