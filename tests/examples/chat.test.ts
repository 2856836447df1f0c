import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { ended } from '../support/socket-relay.ts'

const example = resolve(import.meta.dirname, '../../examples/chat')

describe('the chat behind the gateway', () => {
  let database: TestDatabase
  let folder: string
  let chat: ChildProcess
  let chatUrl: string
  let gateway: GatewayProcess
  let adminToken: string

  beforeAll(async () => {
    ;[database, folder] = await Promise.all([
      migratedDatabase(),
      mkdtemp(join(tmpdir(), 'guichet-test-chat-')),
    ])
    chat = run('server.js', { PORT: '0' })
    chatUrl = /http:\S+/.exec(await nextLine(createInterface({ input: chat.stdout! })))![0]
    const routes = await readFile(join(example, 'routes.yaml'), 'utf8')
    await writeFile(join(folder, 'routes.yaml'), routes.replaceAll('http://127.0.0.1:4000', chatUrl))
    gateway = await startGatewayProcess({
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      ROUTES_FILE: join(folder, 'routes.yaml'),
    })
    adminToken = await exchange(await gateway.firstKey())
  })

  afterAll(async () => {
    chat.kill('SIGKILL')
    await gateway.remove()
    await database.drop()
    await rm(folder, { recursive: true })
  })

  it('serves its page to anybody', async () => {
    const page = await fetch(`${gateway.url}/`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('guichet.token.')
  })

  it('tells a room who speaks, as the gateway vouches, until the key is withdrawn', async () => {
    const [ada, bob] = await Promise.all([makeClient('ada', 'chat:join'), makeClient('bob', 'chat:join')])
    const byField = enter({ headers: { Authorization: `Bearer ${ada.token}`, 'X-Auth-Subject': 'root' } })
    expect(await byField.next()).toMatchObject({ type: 'welcome', you: ada.clientId, others: [] })
    const byProtocol = enter({}, ['guichet', `guichet.token.${bob.token}`])
    expect(await byProtocol.next()).toMatchObject({
      type: 'welcome',
      you: bob.clientId,
      others: [ada.clientId],
    })
    expect(byProtocol.socket.protocol).toBe('guichet')
    expect(await byField.next()).toEqual({ type: 'joined', from: bob.clientId })

    byField.socket.send('salut')
    for (const { next } of [byField, byProtocol])
      expect(await next()).toMatchObject({ type: 'message', from: ada.clientId, text: 'salut' })
    byProtocol.socket.send('hello')
    for (const { next } of [byField, byProtocol])
      expect(await next()).toMatchObject({ type: 'message', from: bob.clientId, text: 'hello' })

    const end = ended(byField.socket)
    const withdrawn = await call('DELETE', `${gateway.url}/api/v1/keys/${ada.keyId}`, { token: adminToken })
    expect(withdrawn.status).toBe(200)
    expect(await end).toEqual({ code: 4401, reason: 'token_revoked' })
    expect(await byProtocol.next()).toEqual({ type: 'left', from: ada.clientId })
    byProtocol.socket.close()
  })

  it('lets in nobody without the permission', async () => {
    const eve = await makeClient('eve', 'orders:read')
    expect(await refusedWith({ Authorization: `Bearer ${eve.token}` })).toBe(403)
    expect(await refusedWith({})).toBe(401)
  })

  it('believes nobody who comes past the gateway', async () => {
    const socket = new WebSocket(`${chatUrl.replace('http', 'ws')}/chat/lobby`)
    expect(await refusal(socket)).toBe(403)
  })

  it('has a client for the terminal', async () => {
    const { apiKey, clientId } = await makeClient('tess', 'chat:join')
    const terminal = run('client.js', { GUICHET_URL: gateway.url, GUICHET_API_KEY: apiKey }, ['den'])
    const lines = createInterface({ input: terminal.stdout! })
    expect(await nextLine(lines)).toBe(`You are ${clientId}. Here already: nobody.`)
    const heard = nextLine(lines)
    terminal.stdin!.write('bonjour\n')
    expect(await heard).toBe(`${clientId}: bonjour`)
    terminal.stdin!.end()
    expect(await once(terminal, 'exit')).toEqual([0, null])
  })

  it('is told when the gateway stops, which does not wait for the talk to end', async () => {
    const ada = await makeClient('ada-again', 'chat:join')
    const { socket, next } = enter({ headers: { Authorization: `Bearer ${ada.token}` } })
    await next()
    const end = ended(socket)
    const stoppedAtMs = performance.now()
    const stopped = gateway.stop()
    expect(await end).toEqual({ code: 1001, reason: 'shutting_down' })
    expect(await stopped).toBe(0)
    // The grace for requests under way is ten seconds.
    expect(performance.now() - stoppedAtMs).toBeLessThan(9000)
  })

  async function makeClient(name: string, permission: string) {
    const at = (path: string, json: object) =>
      call('POST', `${gateway.url}/api/v1${path}`, { token: adminToken, json })
    const client = await at('/clients', { name, permissions: [permission] })
    const clientId: string = client.body.data.id
    const key = await at(`/clients/${clientId}/keys`, { name: 'laptop' })
    const { api_key: apiKey, id: keyId } = key.body.data as { api_key: string; id: string }
    return { clientId, apiKey, keyId, token: await exchange(apiKey) }
  }

  async function exchange(apiKey: string): Promise<string> {
    const { body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
    return body.data.access
  }

  function enter(options: { readonly headers?: Record<string, string> }, protocols: string[] = []) {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/chat/lobby`, protocols, options)
    const events: unknown[] = []
    socket.on('message', (data) => {
      events.push(JSON.parse(data.toString()))
      socket.emit('heard')
    })
    const next = async () => {
      if (events.length === 0) await once(socket, 'heard')
      return events.shift()
    }
    return { socket, next }
  }

  async function refusedWith(headers: Record<string, string>) {
    return refusal(new WebSocket(`${gateway.url.replace('http', 'ws')}/chat/lobby`, [], { headers }))
  }
})

function run(
  file: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): ChildProcess {
  return spawn(process.execPath, [join(example, file), ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

async function nextLine(lines: Interface): Promise<string> {
  const [line] = await once(lines, 'line')
  return line
}

async function refusal(socket: WebSocket): Promise<number | undefined> {
  socket.on('error', () => {})
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  response.resume()
  return response.statusCode
}
