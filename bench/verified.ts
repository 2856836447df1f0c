import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { Answer } from './contender.ts'
import type { TokenMint } from './token-mint.ts'

type Judge = (answer: Answer) => Promise<string | undefined>

/** Takes the token at `path` of the JSON, as `data.access`, and verifies it with the key set that a server publishes. */
export function verifiedAgainst(jwksUrl: string, path: string): Judge {
  const keys = fetch(jwksUrl).then(async (response) =>
    createLocalJWKSet((await response.json()) as JSONWebKeySet),
  )
  // Reported where it is awaited.
  keys.catch(() => {})
  return async ({ text }) => {
    await jwtVerify(valueAt(text, path), await keys)
    return undefined
  }
}

/** The same with the key that the bench gave to a peer. */
export function verifiedWith({ publicPem }: TokenMint, path: string): Judge {
  return async ({ text }) => {
    await jwtVerify(valueAt(text, path), createPublicKey(publicPem), { algorithms: ['ES256'] })
    return undefined
  }
}

/** Shows the token at `path` of the JSON to a server, which must take it. */
export function takenBy(url: string, path: string): Judge {
  return async ({ text }) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${valueAt(text, path)}` } })
    await response.body?.cancel()
    return response.ok ? undefined : `the token is ${response.status} at ${url}`
  }
}

/** Says whether the text holds what it must. */
export function holds(part: string): Judge {
  return async ({ text }) => (text.includes(part) ? undefined : `no ${part} in ${text.slice(0, 200)}`)
}

/** Says whether the body has this length. */
export function hasLength(bytes: number): Judge {
  return async ({ text }) => (text.length === bytes ? undefined : `${text.length} bytes instead of ${bytes}`)
}

function valueAt(text: string, path: string): string {
  const value = path.split('.').reduce((inner, name) => inner?.[name], JSON.parse(text))
  if (typeof value !== 'string') throw new Error(`no ${path} in the answer`)
  return value
}
