import { expect } from 'vitest'
import type { RecipeCase } from './bench.ts'
import { send } from './send.ts'

/** Public to a reader of one kind, closed to one of another. */
const odd = [
  '/public/../orders/1',
  '/public/a/../../orders/1',
  '/public/./1',
  '/public/..',
  '/public/%2e%2e/orders/1',
  '/public/.%2E/orders/1',
  '/public/%252e%252e/orders/1',
  '/public//orders/1',
  '//orders/1',
  '/public/..%2forders/1',
  '/public%2f..%2Forders/1',
  '/public/..%5corders/1',
  '/public/..\\orders\\1',
  '/public/..;/orders/1',
  '/public/1;a=b',
  '/public/%3b/1',
  '/public/1%00',
  '*',
]

/** Paths, at every proxy: the API sees none but the one that was judged. */
export const pathCases: readonly RecipeCase[] = [
  {
    name: 'refuses paths that could be read as two',
    async check({ proxy, bench }) {
      for (const target of odd) {
        const bare = await send(proxy.port, { target })
        const known = await send(proxy.port, { target, token: bench.stranger.token })
        expect(`${target} ${bare.status} ${known.status}`).toMatch(/ 40[0134] 40[034]$/)
      }
      expect(bench.api.calls).toEqual([])
    },
  },
  {
    name: 'hands plain paths on as they were sent',
    async check({ proxy, bench }) {
      const plain = ['/public/1', '/public/caf%C3%A9', '/public/a%20b?to=/../x%2f&y=[1]', '/public/A.b~c/']
      for (const target of plain) expect((await send(proxy.port, { target })).status).toBe(200)
      expect(bench.api.calls.map(({ target }) => target)).toEqual(plain)
    },
  },
  {
    name: 'closes a path in capitals too, and one that comes with a host of its own',
    async check({ proxy, bench }) {
      for (const target of ['/ORDERS/1', '/Orders/1/', 'http://api.example/orders/1']) {
        expect((await send(proxy.port, { target })).status).toBeGreaterThanOrEqual(400)
      }
      await send(proxy.port, { target: 'http://other.example/orders/1' })
      expect(bench.api.calls).toEqual([])
    },
  },
]
