import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import {
  type GatewayProcess,
  runGatewayToItsEnd,
  startGatewayProcess,
  testSecret,
} from '../support/gateway-process.ts'
import { startTestWorker } from '../support/worker.ts'

const signingKey = Buffer.alloc(32, 7)
const webhookSecret = `whsec_${signingKey.toString('base64')}`

interface Delivery {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let receiver: Server
let receiverUrl: string
let database: TestDatabase
let gateway: GatewayProcess
let admin: string
let clientId: string
const deliveries: Delivery[] = []

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    const body = await text(request)
    deliveries.push({ headers: request.headers, body })
    receiver.emit('delivery')
    response.writeHead(204).end()
  })
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  database = await migratedDatabase()
  gateway = await startGatewayProcess(environment(receiverUrl))
  admin = await accessToken(gateway)
  const client = await call('POST', `${gateway.url}/api/v1/clients`, { token: admin, json: { name: 'c' } })
  clientId = client.body.data.id
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  receiver.close()
})

function environment(url: string) {
  return {
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    LEAK_WEBHOOK_URL: url,
    LEAK_WEBHOOK_SECRET: webhookSecret,
  }
}

async function accessToken(of: GatewayProcess): Promise<string> {
  const json = { apiKey: await gateway.firstKey() }
  return (await call('POST', `${of.url}/api/v1/auth/token`, { json })).body.data.access
}

async function newKey(wanted: object = {}): Promise<{ id: string; api_key: string }> {
  const json = { name: 'k', ...wanted }
  const answer = await call('POST', `${gateway.url}/api/v1/clients/${clientId}/keys`, { token: admin, json })
  return answer.body.data
}

async function deliveryDuring(act: () => Promise<unknown>): Promise<Delivery> {
  const arrived = once(receiver, 'delivery')
  await act()
  await arrived
  return deliveries.at(-1)!
}

/** The lines of the log about a key, once the first of them is there. */
async function logged(of: GatewayProcess, part: string): Promise<string> {
  while (!of.output().includes(part)) await once(of.child.stdout!, 'data')
  return of
    .output()
    .split('\n')
    .filter((line) => line.includes(part))
    .join('\n')
}

describe('an alarm', () => {
  it('reaches the webhook signed, and the log, and neither holds the key', async () => {
    const key = await newKey()
    const json = { apiKey: key.api_key, source: 'https://paste.test/1' }
    const { headers, body } = await deliveryDuring(() =>
      call('POST', `${gateway.url}/api/v1/leaks`, { json, headers: { 'X-Request-Id': 'leak-1' } }),
    )
    expect(JSON.parse(body)).toEqual({
      type: 'key.leaked',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        key_id: key.id,
        client_id: clientId,
        source: 'https://paste.test/1',
        address: '127.0.0.1',
        user_agent: 'node',
        request_id: 'leak-1',
      },
    })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers
    const signature = createHmac('sha256', signingKey).update(`${id}.${timestamp}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60)
    const line = JSON.parse(await logged(gateway, `"id":"${id}"`))
    expect(line).toMatchObject({ level: 40, msg: 'key.leaked', alarm: { keyId: key.id, clientId } })
    expect(gateway.output() + body).not.toContain(key.api_key)
  })

  it('tells of a canary with the address and the agent that showed it', async () => {
    const canary = await newKey({ canary: true })
    const { body } = await deliveryDuring(async () => {
      const headers = { 'User-Agent': 'thief/1' }
      const answer = await call('POST', `${gateway.url}/api/v1/auth/token`, {
        json: { apiKey: canary.api_key },
        headers,
      })
      expect(answer.body.error.code).toBe('invalid_api_key')
    })
    expect(JSON.parse(body)).toMatchObject({
      type: 'canary.used',
      data: { key_id: canary.id, address: '127.0.0.1', user_agent: 'thief/1' },
    })
  })

  it('is on its way before a stop lets the process go', async () => {
    const second = await startGatewayProcess(environment(receiverUrl))
    const canary = await newKey({ canary: true })
    await call('POST', `${second.url}/api/v1/auth/token`, { json: { apiKey: canary.api_key } })
    expect(await second.stop()).toBe(0)
    expect(deliveries.at(-1)?.body).toContain(canary.id)
    await second.remove()
  })

  it('leaves a Worker too, behind its answer', async () => {
    const worker = await startTestWorker(database.url, {
      GUICHET_SECRET: testSecret,
      LEAK_WEBHOOK_URL: receiverUrl,
      LEAK_WEBHOOK_SECRET: webhookSecret,
    })
    const key = await newKey()
    const { body } = await deliveryDuring(() =>
      call('POST', `${worker.url}/api/v1/leaks`, { json: { apiKey: key.api_key } }),
    )
    expect(JSON.parse(body)).toMatchObject({ type: 'key.leaked', data: { key_id: key.id } })
    await worker.stop()
  })

  it('does not delay the answer when the webhook is silent, and the log says that it was', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const second = await startGatewayProcess(environment(url))
    const key = await newKey()
    const since = performance.now()
    const answer = await call('POST', `${second.url}/api/v1/leaks`, { json: { apiKey: key.api_key } })
    expect(answer.status).toBe(200)
    expect(performance.now() - since).toBeLessThan(2500)
    expect(await logged(second, 'the alarm webhook was not reached')).toContain('TimeoutError')
    expect(performance.now() - since).toBeGreaterThan(2900)
    silent.closeAllConnections()
    silent.close()
    await second.remove()
  })
})

describe('the settings of the webhook', () => {
  it.each([
    ['ftp://hooks.test', webhookSecret, 'LEAK_WEBHOOK_URL must be an http or https URL'],
    ['https://me:hush@hooks.test', webhookSecret, 'LEAK_WEBHOOK_URL must not hold a user name'],
    ['https://hooks.test', '', 'LEAK_WEBHOOK_SECRET is required with LEAK_WEBHOOK_URL'],
    ['https://hooks.test', 'whsec_short', 'LEAK_WEBHOOK_SECRET must be whsec_'],
  ])('stop the start when they cannot be used: %s', async (url, secret, problem) => {
    const { code, output } = await runGatewayToItsEnd({ LEAK_WEBHOOK_URL: url, LEAK_WEBHOOK_SECRET: secret })
    expect(code).toBe(1)
    expect(output).toContain(problem)
    expect(output).not.toContain('hush')
  })
})
