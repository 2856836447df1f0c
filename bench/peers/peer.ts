import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Child, startChild } from '../child.ts'
import { cores } from '../cores.ts'
import { freePort } from '../free-port.ts'
import type { BenchPostgres } from '../postgres.ts'
import type { TokenMint } from '../token-mint.ts'

export type PeerName = 'better-auth' | 'express' | 'fastify' | 'hono-jwt' | 'oidc-provider'

export interface Peer extends Child {
  readonly origin: string
  /** The API keys that it made. */
  readonly keys: readonly string[]
}

export interface PeerOptions {
  readonly folder: string
  readonly postgres: BenchPostgres
  readonly mint: TokenMint
  readonly keys: number
  readonly upstream: string
}

/** Starts a peer on the measured core, with a database of its own. */
export async function startPeer(name: PeerName, options: PeerOptions): Promise<Peer> {
  const { folder, postgres, mint, keys, upstream } = options
  const port = await freePort()
  const keysFile = join(folder, `${name}-keys.json`)
  const child = await startChild([process.execPath, resolve(import.meta.dirname, `${name}.ts`)], {
    core: cores.measured,
    env: {
      PORT: String(port),
      DATABASE_URL: await postgres.createDatabase(name.replaceAll('-', '_')),
      BENCH_KEYS: String(keys),
      BENCH_KEYS_FILE: keysFile,
      BENCH_PRIVATE_KEY: mint.privatePem,
      BENCH_PUBLIC_KEY: mint.publicPem,
      BENCH_UPSTREAM: upstream,
    },
    logFile: join(folder, `${name}.log`),
    ready: 'ready\n',
  })
  return { ...child, origin: `http://127.0.0.1:${port}`, keys: JSON.parse(await readFile(keysFile, 'utf8')) }
}
