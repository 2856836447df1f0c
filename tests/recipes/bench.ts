import { resolve } from 'node:path'
import { startTestServer } from '../support/running-gateway.ts'
import { startApiBehind } from './api-behind.ts'
import { askingProxies, verifyingProxy } from './proxies.ts'
import { type RunningProxy, startProxy } from './start-proxy.ts'
import { startWayToGuichet } from './way-to-guichet.ts'

const routes = resolve(import.meta.dirname, '../../docs/recipes/routes.yaml')

export type Bench = Awaited<ReturnType<typeof startBench>>

/** What a case is about: one proxy, and everything around it. */
export interface Scene {
  readonly proxy: RunningProxy
  readonly bench: Bench
}

/** A row of the table that every proxy is driven by. */
export interface RecipeCase {
  readonly name: string
  readonly check: (scene: Scene) => Promise<void>
}

/** One Guichet with the rules of the recipes, one API, and each proxy once. */
export async function startBench() {
  const guichet = await startTestServer({
    PUBLIC_URL: 'https://guichet.example',
    AUDIENCE: 'https://guichet.example,https://api.example',
    ROUTES_FILE: routes,
    TRUSTED_PROXIES: '127.0.0.0/8',
  })
  const api = await startApiBehind()
  const way = await startWayToGuichet(Number(new URL(guichet.url).port))
  const places = { '127.0.0.1:3000': `127.0.0.1:${way.port}`, '127.0.0.1:8080': `127.0.0.1:${api.port}` }
  const verifying = verifyingProxy(guichet.url)
  const all = await Promise.all(
    [...askingProxies, verifying.recipe].map((recipe) => startProxy(recipe, places)),
  )
  const newcomer = async (permissions: readonly string[]) => {
    const key = await guichet.key(permissions)
    return { keyId: key.id, token: await guichet.token(key.apiKey) }
  }
  return {
    api,
    way,
    /** Forges tokens with a key that the verifying proxy trusts. */
    forge: verifying.forge,
    /** One who may read orders. */
    reader: await newcomer(['orders:read']),
    /** One who may do nothing in particular. */
    stranger: await newcomer([]),
    newcomer,
    revokeKey: async (keyId: string) => {
      const token = await guichet.token()
      await guichet.call('DELETE', `/api/v1/keys/${keyId}`, { token })
    },
    proxy: (name: string) => all.find((proxy) => proxy.name === name)!,
    async stop() {
      await Promise.all(all.map((proxy) => proxy.stop()))
      await way.cut()
      await Promise.all([guichet.remove(), api.close()])
    },
  }
}
