import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawAnswers } from '../hostile/raw-socket.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { measured, tellMs } from './support/measured.ts'
import { rounds } from './support/thorough.ts'

const ENDLESS = rounds(30, 200)
const MAY_GROW_MIB = 100
const MIB = 1024 * 1024

let database: TestDatabase
let gateway: GatewayProcess

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    RATE_LIMITS: 'off',
  })
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

const head = (...fields: readonly string[]) =>
  [
    'POST /api/v1/auth/token/ HTTP/1.1',
    'Host: gateway.test',
    'Content-Type: application/json',
    ...fields,
    '\r\n',
  ].join('\r\n')

/** The statuses that were answered until the connection was closed, and how long that took. */
async function sent(request: Uint8Array | string | ((socket: Socket) => void)) {
  const startedAt = performance.now()
  const answers = await rawAnswers(gateway.url, request)
  return { statuses: answers.map(({ status }) => status), tookMs: performance.now() - startedAt }
}

const body = (bytes: Uint8Array | string, ...fields: readonly string[]) =>
  Buffer.concat([
    Buffer.from(head(`Content-Length: ${Buffer.byteLength(bytes)}`, 'Connection: close', ...fields)),
    Buffer.from(bytes),
  ])

async function rssMib(): Promise<number> {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${gateway.child.pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kib) / 1024)
}

/** Writes chunks for as long as the other side takes them. */
function pump(socket: Socket): void {
  const chunk = `1000\r\n${'a'.repeat(4096)}\r\n`
  while (socket.writable && socket.write(chunk)) {
    // As much as fits.
  }
  if (socket.writable) socket.once('drain', () => pump(socket))
}

describe('a body that is meant to harm', { timeout: 60_000 }, () => {
  it('is refused before it has come when it is too large, or has no end', async () => {
    const before = await rssMib()
    const declared = await sent(head('Content-Length: 1073741824'))
    expect(declared.statuses).toEqual([413])
    const endless = await Promise.all(
      Array.from({ length: ENDLESS }, () =>
        sent((socket) => {
          socket.write(head('Transfer-Encoding: chunked'))
          pump(socket)
        }),
      ),
    )
    // Whoever does not stop to read may find the connection closed before it sees why.
    for (const { statuses } of endless) expect([[413], []]).toContainEqual(statuses)
    const grownMib = (await rssMib()) - before
    expect(grownMib).toBeLessThan(MAY_GROW_MIB)
    const longest = Math.max(...endless.map(({ tookMs }) => tookMs))
    measured(
      'F19',
      `1 GiB declared: 413 after ${tellMs(declared.tookMs)}; ${ENDLESS} endless at once: closed within ${tellMs(longest)}, the gateway grew by ${grownMib} MiB`,
    )
  })

  it('is refused in no time when it is deep or wide', async () => {
    const members = Array.from({ length: 5000 }, (_, index) => `"m${index}":1`).join()
    const took: number[] = []
    for (const text of [
      '['.repeat(65_000),
      `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      `{${members}}`,
    ]) {
      const { statuses, tookMs } = await sent(body(text))
      expect(statuses).toEqual([400])
      took.push(tookMs)
    }
    expect(Math.max(...took)).toBeLessThan(1000)
    // Deeper or wider than a body may be long.
    for (const text of ['['.repeat(100_000), `{${members.repeat(10)}}`]) {
      expect((await sent(body(text))).statuses).toEqual([413])
    }
    measured(
      'F20',
      `arrays 65,000 deep, objects 10,000 deep, 5,000 members: 400 within ${tellMs(Math.max(...took))}; more of it is 413`,
    )
  })

  it('is not unfolded when it is compressed', async () => {
    const before = await rssMib()
    const bomb = gzipSync(Buffer.alloc(64 * MIB, ' ')).subarray(0, 60_000)
    const { statuses, tookMs } = await sent(body(bomb, 'Content-Encoding: gzip'))
    expect(statuses).toEqual([415])
    const grownMib = (await rssMib()) - before
    expect(grownMib).toBeLessThan(64)
    measured(
      'F21',
      `64 MiB of blanks in gzip: 415 after ${tellMs(tookMs)}, the gateway grew by ${grownMib} MiB`,
    )
  })

  it('is refused when it may mean two things', async () => {
    const requests = {
      'broken UTF-8': body(Buffer.from('{"apiKey":"\xff\xfe"}', 'latin1')),
      'cut UTF-8': body(Buffer.from('{"apiKey":"\xe2\x82"}', 'latin1')),
      'two Host fields': Buffer.from(
        head('Host: other.test', 'Content-Length: 2', 'Connection: close').concat('{}'),
      ),
      'two lengths': Buffer.from(
        head('Content-Length: 2', 'Content-Length: 3', 'Connection: close').concat('{}'),
      ),
      'a length and chunks': Buffer.from(
        head('Content-Length: 2', 'Transfer-Encoding: chunked', 'Connection: close').concat('0\r\n\r\n'),
      ),
    }
    for (const [name, bytes] of Object.entries(requests)) {
      const { statuses } = await sent(bytes)
      expect([name, statuses]).toEqual([name, [400]])
    }
    const names = Object.keys(requests)
    measured('F22', `${names.join(', ')}: 400 each, ${names.length} of ${names.length}`)
  })
})
