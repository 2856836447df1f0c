import { expect } from 'vitest'
import type { RecipeCase, Scene } from './bench.ts'
import { send } from './send.ts'

const statusOf = async ({ proxy }: Scene, token: string) =>
  (await send(proxy.port, { target: '/orders/1', token })).status

/** What a proxy must see to by itself that asks nobody, and what it cannot know. */
export const verifyingCases: readonly RecipeCase[] = [
  {
    name: 'takes a token by any key of the key set',
    async check(scene) {
      const { forge } = scene.bench
      expect(await statusOf(scene, await forge())).toBe(200)
      expect(await statusOf(scene, await forge({ claims: { aud: ['a', 'https://api.example'] } }))).toBe(200)
    },
  },
  {
    name: 'refuses a token that is over, for somebody else, or no access token',
    async check(scene) {
      const { forge, api } = scene.bench
      const now = Math.floor(Date.now() / 1000)
      const bad = [
        { claims: { exp: now - 1 } },
        { claims: { exp: undefined } },
        { claims: { iss: 'https://other.example' } },
        { claims: { aud: 'https://other.example' } },
        { claims: { aud: 'https://api.example.org' } },
        { claims: { aud: undefined } },
        { header: { typ: 'JWT' } },
        { header: { alg: 'HS256' } },
      ]
      for (const order of bad) {
        expect(`${JSON.stringify(order)} ${await statusOf(scene, await forge(order))}`).toMatch(/ 401$/)
      }
      expect(api.calls).toEqual([])
    },
  },
  {
    name: 'reads permissions as whole words, and wildcards as Guichet does',
    async check(scene) {
      const { forge } = scene.bench
      const scopes = {
        'a orders:read b': 200,
        'orders:*': 200,
        '*': 200,
        'orders:reader': 403,
        'x:orders:read': 403,
      }
      for (const [scope, status] of Object.entries(scopes)) {
        expect(`${scope} ${await statusOf(scene, await forge({ claims: { scope } }))}`).toBe(
          `${scope} ${status}`,
        )
      }
      expect(await statusOf(scene, await forge({ claims: { scope: undefined } }))).toBe(403)
    },
  },
  {
    name: 'goes on while Guichet is down',
    async check(scene) {
      await scene.bench.way.cut()
      expect(await statusOf(scene, scene.bench.reader.token)).toBe(200)
    },
  },
  {
    name: 'hears of no revocation: a token is good until its end',
    async check(scene) {
      const { keyId, token } = await scene.bench.newcomer(['orders:read'])
      await scene.bench.revokeKey(keyId)
      expect(await statusOf(scene, token)).toBe(200)
    },
  },
]
