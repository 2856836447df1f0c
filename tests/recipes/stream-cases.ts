import { once } from 'node:events'
import { expect } from 'vitest'
import type { RecipeCase } from './bench.ts'
import { dial } from './dial.ts'
import { answered, open, send } from './send.ts'

const UPLOAD_BYTES = 5 * 1024 * 1024

/** Long and large calls, at every proxy. */
export const streamCases: readonly RecipeCase[] = [
  {
    name: 'hands on a large body, and asks without it',
    async check({ proxy, bench }) {
      const before = bench.way.askedBytes()
      const body = Buffer.alloc(UPLOAD_BYTES, 'x')
      const upload = { method: 'POST', target: '/orders/1', token: bench.reader.token, body }
      expect((await send(proxy.port, upload)).status).toBe(200)
      expect(bench.api.calls[0]).toMatchObject({ method: 'POST', bodyBytes: UPLOAD_BYTES })
      expect(bench.way.askedBytes() - before).toBeLessThan(4096)
    },
  },
  {
    name: 'hands on events one by one',
    async check({ proxy, bench }) {
      const asked = open(proxy.port, { target: '/events', token: bench.reader.token })
      asked.end()
      const answer = await answered(asked)
      expect(answer.headers['content-type']).toBe('text/event-stream')
      for (const text of ['one', 'two', 'three']) {
        const heard = once(answer, 'data')
        bench.api.sendEvent(text)
        expect(String(await heard)).toBe(`data: ${text}\n\n`)
      }
      asked.destroy()
    },
  },
  {
    name: 'carries a WebSocket whose token is in Authorization',
    async check({ proxy, bench }) {
      const socket = await dial(proxy.port, { target: '/orders/live', token: bench.reader.token })
      const heard = once(socket, 'message')
      socket.send('hello')
      expect(String((await heard)[0])).toBe('heard hello')
      socket.terminate()
      const fields = new Map(bench.api.calls[0]!.fields)
      expect(fields.get('x-auth-key-id')).toBe(bench.reader.keyId)
      expect(fields.has('authorization')).toBe(false)
    },
  },
  {
    name: 'opens no WebSocket without a token',
    async check({ proxy, bench }) {
      await expect(dial(proxy.port, { target: '/orders/live' })).rejects.toThrow('401')
      expect(bench.api.calls).toEqual([])
    },
  },
]
