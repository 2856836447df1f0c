import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { ended } from '../support/socket-relay.ts'
import { startTestWorker, type TestWorker } from '../support/worker.ts'

describe('the proxy in workerd', () => {
  const upstream = createServer((request, response) => response.end(JSON.stringify(request.headers)))
  const sockets = new WebSocketServer({ server: upstream })
  sockets.on('connection', (socket, request) => socket.send(JSON.stringify(request.headers)))
  let database: TestDatabase
  let worker: TestWorker
  let admin: string

  beforeAll(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    database = await migratedDatabase()
    const adminKey = mintApiKeyText(system, 'gk')
    const { port } = upstream.address() as AddressInfo
    const route = { path: '/chat/:room', permissions: ['chat:join'], upstream: `http://127.0.0.1:${port}` }
    worker = await startTestWorker(database.url, {
      GUICHET_SECRET: testSecret,
      BOOTSTRAP_API_KEY: adminKey,
      ROUTES: JSON.stringify({ routes: [route] }),
    })
    admin = await exchange(adminKey)
  })

  afterAll(async () => {
    await worker.stop()
    upstream.closeAllConnections()
    upstream.close()
    await database.drop()
  })

  it('carries calls and WebSockets with who calls, until the key is withdrawn', async () => {
    const { clientId, keyId, token } = await makeClient('chat:join')
    const answer = await call('GET', `${worker.url}/chat/lobby`, { token })
    expect(answer.body).toMatchObject({ 'x-auth-subject': clientId, 'x-auth-scope': 'chat:join' })
    expect(answer.body.authorization).toBeUndefined()

    const url = `${worker.url.replace('http', 'ws')}/chat/lobby`
    const socket = new WebSocket(url, ['guichet', `guichet.token.${token}`])
    const [greeting] = await once(socket, 'message')
    expect(socket.protocol).toBe('guichet')
    expect(JSON.parse(greeting.toString())).toMatchObject({ 'x-auth-subject': clientId })
    expect(greeting.toString()).not.toContain(token)

    const end = ended(socket)
    await call('DELETE', `${worker.url}/api/v1/keys/${keyId}`, { token: admin })
    expect(await end).toEqual({ code: 4401, reason: 'token_revoked' })
  })

  it('lets through nobody without the permission', async () => {
    const { token } = await makeClient('orders:read')
    expect((await call('GET', `${worker.url}/chat/lobby`, { token })).status).toBe(403)
    expect((await call('GET', `${worker.url}/chat/lobby`)).status).toBe(401)
  })

  async function makeClient(permission: string) {
    const at = (path: string, json: object) =>
      call('POST', `${worker.url}/api/v1${path}`, { token: admin, json })
    const client = await at('/clients', { name: permission, permissions: [permission] })
    const clientId: string = client.body.data.id
    const key = await at(`/clients/${clientId}/keys`, { name: 'edge' })
    return { clientId, keyId: key.body.data.id, token: await exchange(key.body.data.api_key) }
  }

  async function exchange(apiKey: string): Promise<string> {
    const { body } = await call('POST', `${worker.url}/api/v1/auth/token/`, { json: { apiKey } })
    return body.data.access
  }
})
