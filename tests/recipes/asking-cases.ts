import { once } from 'node:events'
import { expect } from 'vitest'
import type { RecipeCase } from './bench.ts'
import { dial } from './dial.ts'
import { send } from './send.ts'

/** What only those proxies can do that ask Guichet about each call. */
export const askingCases: readonly RecipeCase[] = [
  {
    name: 'answers a refusal in the words of Guichet',
    async check({ proxy, bench }) {
      const { token } = bench.stranger
      const calls = [
        { call: { target: '/orders/1' }, said: '401 missing_token' },
        { call: { target: '/orders/1', token: 'x' }, said: '401 invalid_token' },
        { call: { target: '/orders/1', token }, said: '403 insufficient_permissions' },
        { call: { target: '/public/../orders/1' }, said: '400 path_refused' },
        { call: { target: '/nowhere', token }, said: '404 not_found' },
        { call: { method: 'DELETE', target: '/news', token }, said: '405 method_not_allowed' },
      ]
      for (const { call, said } of calls) {
        const { status, headers, text } = await send(proxy.port, call)
        const { error, meta } = JSON.parse(text)
        expect(`${status} ${error.code}`).toBe(said)
        expect(headers['content-type']).toContain('application/json')
        expect(headers['x-request-id']).toBe(meta.request_id)
        expect(headers['cache-control']).toBe('no-store')
        if (status === 405) expect(headers.allow).toBe('GET')
      }
      expect(bench.api.calls).toEqual([])
    },
  },
  {
    name: "passes on the 429 of a route's limit, with when to come again",
    async check({ proxy, bench }) {
      const { token } = await bench.newcomer([])
      const answers = []
      for (let count = 0; count < 3; count++)
        answers.push(await send(proxy.port, { target: '/search', token }))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
      const refused = answers[2]!
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
      expect(JSON.parse(refused.text).error.code).toBe('rate_limited')
      expect(bench.api.calls).toHaveLength(2)
    },
  },
  {
    name: 'carries a WebSocket whose token is a subprotocol, and hides it from the API',
    async check({ proxy, bench }) {
      const token = `guichet.token.${bench.reader.token}`
      for (const protocols of [
        ['guichet', token, 'chat'],
        ['guichet', token],
        [token, 'guichet'],
      ]) {
        const socket = await dial(proxy.port, { target: '/orders/live', protocols })
        expect(socket.protocol).toBe('guichet')
        const heard = once(socket, 'message')
        socket.send('hello')
        expect(String((await heard)[0])).toBe('heard hello')
        socket.terminate()
        const fields = new Map(bench.api.calls.at(-1)!.fields)
        const offered = protocols.filter((protocol) => protocol !== token)
        expect(fields.get('sec-websocket-protocol')?.split(/\s*,\s*/)).toEqual(offered)
        expect(fields.get('x-auth-key-id')).toBe(bench.reader.keyId)
      }
      await expect(
        dial(proxy.port, { target: '/orders/live', protocols: ['guichet', 'guichet.token.x'] }),
      ).rejects.toThrow('401')
    },
  },
  {
    name: 'brings the API the short token of a rule that asks for one',
    async check({ proxy, bench }) {
      await send(proxy.port, { target: '/reports/1', token: bench.reader.token })
      const brought = new Map(bench.api.calls[0]!.fields).get('authorization')!
      const claims = JSON.parse(Buffer.from(brought.split('.')[1]!, 'base64url').toString())
      expect(claims).toMatchObject({ aud: 'https://reports.example', key_id: bench.reader.keyId })
    },
  },
  {
    name: 'refuses a revoked token within a second',
    async check({ proxy, bench }) {
      const { keyId, token } = await bench.newcomer(['orders:read'])
      expect((await send(proxy.port, { target: '/orders/1', token })).status).toBe(200)
      await bench.revokeKey(keyId)
      const since = performance.now()
      let status = 200
      while (status === 200 && performance.now() - since < 2000) {
        status = (await send(proxy.port, { target: '/orders/1', token })).status
      }
      expect(status).toBe(401)
      expect(performance.now() - since).toBeLessThan(1000)
    },
  },
  {
    name: 'lets nothing pass while Guichet is down, and all again afterwards',
    async check({ proxy, bench }) {
      await bench.way.cut()
      const { token } = bench.reader
      for (const target of ['/orders/1', '/public/1']) {
        const { status } = await send(proxy.port, { target, token })
        expect(status).toBeGreaterThanOrEqual(500)
      }
      await expect(dial(proxy.port, { target: '/orders/live', token })).rejects.toThrow(/50\d/)
      expect(bench.api.calls).toEqual([])
      await bench.way.open()
      expect((await send(proxy.port, { target: '/orders/1', token })).status).toBe(200)
    },
  },
]
