import { writeFileSync } from 'node:fs'

/** What the bench tells a peer when it starts it. */
export const port = Number(process.env['PORT'])
export const databaseUrl = process.env['DATABASE_URL'] ?? ''
export const keyCount = Number(process.env['BENCH_KEYS'] ?? '0')
/** PEM of the P-256 key that it signs with, and of its public half. */
export const privateKey = process.env['BENCH_PRIVATE_KEY'] ?? ''
export const publicKey = process.env['BENCH_PUBLIC_KEY'] ?? ''
export const upstreamUrl = process.env['BENCH_UPSTREAM'] ?? ''

export const accessTtlSeconds = 3600
export const refreshTtlSeconds = 604_800

/** Hands the peer's API keys to the bench and says that it is ready. */
export function ready(keys: readonly string[] = []): void {
  writeFileSync(process.env['BENCH_KEYS_FILE'] ?? '', JSON.stringify(keys))
  process.stdout.write('ready\n')
}
