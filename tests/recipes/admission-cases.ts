import { expect } from 'vitest'
import type { RecipeCase } from './bench.ts'
import { send } from './send.ts'

/** Who gets in, at every proxy. */
export const admissionCases: readonly RecipeCase[] = [
  {
    name: 'hands a call with a token on, and says whose it is',
    async check({ proxy, bench }) {
      const answer = await send(proxy.port, { target: '/orders/1?a=b', token: bench.reader.token })
      expect([answer.status, answer.text]).toEqual([200, 'the API'])
      const [call] = bench.api.calls
      const fields = new Map(call!.fields)
      expect(call).toMatchObject({ method: 'GET', target: '/orders/1?a=b' })
      expect(fields.get('x-auth-key-id')).toBe(bench.reader.keyId)
      expect(fields.get('x-auth-scope')).toBe('orders:read')
      for (const name of ['x-auth-subject', 'x-auth-client', 'x-auth-session']) {
        expect(fields.get(name)).toMatch(/^[0-9a-f-]{36}$/)
      }
      expect(fields.get('host')).toBe('api.example')
      expect(fields.get('x-forwarded-for')).toBe('127.0.0.1')
    },
  },
  {
    name: "keeps the client's credentials from the API",
    async check({ proxy, bench }) {
      await send(proxy.port, { target: '/orders/1', token: bench.reader.token, fields: ['X-API-Key', 'k'] })
      const names = bench.api.calls[0]!.fields.map(([name]) => name)
      expect(names.filter((name) => name === 'authorization' || name === 'x-api-key')).toEqual([])
    },
  },
  {
    name: 'refuses a call without a token, and says how to come',
    async check({ proxy, bench }) {
      const answer = await send(proxy.port, { target: '/orders/1' })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="guichet"'])
      expect(JSON.parse(answer.text).error.code).toBeTypeOf('string')
      expect(answer.headers['content-type']).toContain('application/json')
      expect(bench.api.calls).toEqual([])
    },
  },
  {
    name: 'refuses tokens that are none',
    async check({ proxy, bench }) {
      const { token } = bench.reader
      const [head, payload, signature] = token.split('.') as [string, string, string]
      const other = Buffer.from(payload, 'base64url').toString().replace('orders:read', 'orders:*   ')
      const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
      const tokens = [
        ...['', 'x', 'x.y.z', token.slice(0, -4), `${token}x`, `${head}.${payload}.`],
        `${none}.${payload}.`,
        `${head}.${Buffer.from(other).toString('base64url')}.${signature}`,
        `${token}, Bearer ${token}`,
      ]
      for (const bad of tokens) {
        const answer = await send(proxy.port, { target: '/orders/1', token: bad })
        expect(`${bad} ${answer.status} ${answer.headers['www-authenticate']}`).toMatch(/ 401 Bearer /)
      }
      const twice = ['Authorization', `Bearer ${token}`, 'Authorization', 'Bearer x']
      expect((await send(proxy.port, { target: '/orders/1', fields: twice })).status).toBeGreaterThanOrEqual(
        400,
      )
      expect(bench.api.calls).toEqual([])
    },
  },
  {
    name: 'takes no token from the query or a cookie',
    async check({ proxy, bench }) {
      const { token } = bench.reader
      const target = `/orders/1?access_token=${token}&token=${token}`
      const answer = await send(proxy.port, { target, fields: ['Cookie', `access_token=${token}`] })
      expect([answer.status, bench.api.calls]).toEqual([401, []])
    },
  },
  {
    name: 'refuses a token that lacks the permission',
    async check({ proxy, bench }) {
      const answer = await send(proxy.port, { target: '/orders/1', token: bench.stranger.token })
      expect(answer.status).toBe(403)
      expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"')
      expect(JSON.parse(answer.text).error.code).toBeTypeOf('string')
      expect(bench.api.calls).toEqual([])
    },
  },
  {
    name: 'judges HEAD and OPTIONS like any other method',
    async check({ proxy, bench }) {
      for (const method of ['HEAD', 'OPTIONS']) {
        const bare = await send(proxy.port, { method, target: '/orders/1' })
        const good = await send(proxy.port, { method, target: '/orders/1', token: bench.reader.token })
        expect([bare.status, good.status]).toEqual([401, 200])
      }
      expect(bench.api.calls.map(({ method }) => method)).toEqual(['HEAD', 'OPTIONS'])
    },
  },
  {
    name: "leaves the API's own refusals as they are",
    async check({ proxy }) {
      for (const status of [401, 403, 404]) {
        const answer = await send(proxy.port, { target: `/public/${status}` })
        expect([answer.status, answer.text]).toEqual([status, 'the API'])
        expect(answer.headers['www-authenticate']).toBeUndefined()
      }
    },
  },
]
