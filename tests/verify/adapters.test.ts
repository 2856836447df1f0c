import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as expressAdapter from '../../src/verify/express.ts'
import * as fastifyAdapter from '../../src/verify/fastify.ts'
import * as fetchAdapter from '../../src/verify/fetch.ts'
import * as honoAdapter from '../../src/verify/hono.ts'
import { createVerifier, type Verifier } from '../../src/verify/verifier.ts'
import { call } from '../support/call.ts'
import { type Front, startFront } from '../support/front.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

interface Running {
  readonly url: string
  readonly close: () => Promise<void>
}

/** An upstream under each framework: `/orders` needs orders:read, `/open` nothing, and asks who calls all the same. */
const upstreams: Readonly<Record<string, (verifier: Verifier) => Promise<Running>>> = {
  async hono(verifier) {
    const app = new Hono()
    app.get('/orders', honoAdapter.requireToken(verifier, needs), (c) =>
      c.json({ client: honoAdapter.principalOf(c).clientId }),
    )
    app.get('/open', (c) => c.json(honoAdapter.principalOf(c)))
    app.onError((error, c) => c.text(error.message, 500))
    return listen(createAdaptorServer(app) as Server)
  },
  async express(verifier) {
    const app = express()
    app.get('/orders', expressAdapter.requireToken(verifier, needs), (req, res) => {
      res.json({ client: expressAdapter.principalOf(req).clientId })
    })
    app.get('/open', (req, res) => {
      res.json(expressAdapter.principalOf(req))
    })
    const onError: express.ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(500).send(error.message)
    }
    app.use(onError)
    return listen(createServer(app))
  },
  async fastify(verifier) {
    const app = fastify()
    app.get('/orders', { onRequest: fastifyAdapter.requireToken(verifier, needs) }, async (request) => ({
      client: fastifyAdapter.principalOf(request).clientId,
    }))
    app.get('/open', async (request) => fastifyAdapter.principalOf(request))
    app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(error.message))
    return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
  },
  async fetch(verifier) {
    const guarded = fetchAdapter.requireToken(verifier, needs)
    const orders = guarded((_request, { clientId }, env: string) => Response.json({ client: clientId, env }))
    return startFront((request) => orders(request, 'env'))
  },
}

const needs = { permissions: ['orders:read'] }

let gateway: TestGateway
let keys: Front
let verifier: Verifier

beforeAll(async () => {
  gateway = await createTestGateway()
  keys = await startFront((request) => gateway.answer(request))
  verifier = createVerifier({
    issuer: 'https://gateway.test',
    audience: 'https://orders.test',
    jwksUrl: `${keys.url}/.well-known/jwks.json`,
    now: gateway.world.now,
  })
})

afterAll(async () => {
  await keys.close()
  await gateway.close()
})

describe.each(Object.keys(upstreams))('an upstream under %s', (framework) => {
  let upstream: Running

  beforeAll(async () => {
    upstream = await upstreams[framework]!(verifier)
  })

  afterAll(() => upstream.close())

  const get = (path: string, token?: string) => call('GET', upstream.url + path, { token })

  it('lets a good token through and knows whose it is', async () => {
    const token = await gateway.accessToken(gateway.adminKey, { permissions: ['orders:*'] })
    const { subject } = (await gateway.call('GET', '/api/v1/me', { token })).body.data
    const answer = await get('/orders', token)
    expect([answer.status, answer.body.client]).toEqual([200, subject])
  })

  it('answers without a token as RFC 6750 says, in the error envelope', async () => {
    const answer = await get('/orders')
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="guichet"'])
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.body).toEqual({
      error: { code: 'missing_token', message: expect.stringContaining('Bearer') },
      meta: { timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
    })
  })

  it('answers to a wrong token that it is not valid', async () => {
    const answer = await get('/orders', 'a.b.c')
    expect([answer.status, answer.body.error.code, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_token',
      'Bearer realm="guichet", error="invalid_token"',
    ])
  })

  it('answers to a token that permits too little what it would need', async () => {
    const token = await gateway.accessToken(gateway.adminKey, { permissions: ['orders:write'] })
    const answer = await get('/orders', token)
    expect([answer.status, answer.body.error.code, answer.headers.get('www-authenticate')]).toEqual([
      403,
      'insufficient_permissions',
      'Bearer realm="guichet", error="insufficient_scope", scope="orders:read"',
    ])
  })

  it('refuses two tokens at once, though both are good', async () => {
    const header = `Authorization: Bearer ${await gateway.accessToken()}\r\n`
    const { hostname, port } = new URL(upstream.url)
    const socket = connect(Number(port), hostname)
    socket.write(`GET /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}${header}\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1.1 401 .*"invalid_token"/s)
  })

  it('is not made with a permission that is misspelt', () => {
    const misspelt = { permissions: ['orders read'] }
    const adapters = {
      express: expressAdapter,
      fastify: fastifyAdapter,
      fetch: fetchAdapter,
      hono: honoAdapter,
    }
    const { requireToken } = adapters[framework as keyof typeof adapters]
    expect(() => requireToken(verifier, misspelt)).toThrow('"orders read" is not a permission.')
  })
})

describe.each(['hono', 'express', 'fastify'])('a route without the guard, under %s', (framework) => {
  it('is not open by mistake: nobody knows who calls', async () => {
    const upstream = await upstreams[framework]!(verifier)
    const answer = await call('GET', `${upstream.url}/open`, { token: await gateway.accessToken() })
    expect([answer.status, answer.text]).toEqual([500, 'This request has not passed requireToken.'])
    await upstream.close()
  })
})

async function listen(server: Server): Promise<Running> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
