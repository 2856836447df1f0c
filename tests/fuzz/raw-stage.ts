import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { type RawAnswer, rawAnswers } from '../hostile/raw-socket.ts'
import { call } from '../support/call.ts'
import { migratedDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { timesFuzzed } from './fuzzed.ts'
import { type ReadRequest, readStrictly } from './strict-http.ts'

/** A gateway in a process of its own, and the upstream that sees what gets by it. */
export interface RawStage {
  readonly gateway: GatewayProcess
  readonly upstream: RecordingUpstream
  /** Writes bytes to one connection, and answers all that came back. */
  readonly send: (bytes: string | Uint8Array) => Promise<readonly RawAnswer[]>
  /** The same, in pieces of so many bytes. */
  readonly sendInPieces: (bytes: string, size: number) => Promise<readonly RawAnswer[]>
  /** Notes what the upstream may see of bytes, and says what it has seen that it may not. */
  readonly beyondDue: (bytes: string) => readonly string[]
  /** The gateway still does what it is there for, and nothing in it has thrown. */
  readonly expectAlive: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Who has had no answer for so long says that no more will come: a gateway that waits for the rest would wait on. */
const SILENCE_MS = timesFuzzed(1) === 1 ? 25 : 60

export async function startRawStage(): Promise<RawStage> {
  const database = await migratedDatabase()
  const upstream = await startRecordingUpstream()
  const gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    RATE_LIMITS: 'off',
    ROUTES: JSON.stringify({
      routes: [
        { path: '/admin/*', permissions: ['none:such'], upstream: upstream.url },
        { path: '/*', public: true, upstream: upstream.url },
      ],
    }),
  })
  const apiKey = await gateway.firstKey()
  const due = new Map<string, number>()
  let looked = 0
  const waitsInVain = (socket: Socket) => void socket.setTimeout(SILENCE_MS, () => socket.end())
  return {
    gateway,
    upstream,
    send: (bytes) =>
      rawAnswers(gateway.url, (socket) => {
        waitsInVain(socket)
        socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
      }),
    sendInPieces: (text, size) =>
      rawAnswers(gateway.url, async (socket) => {
        const bytes = Buffer.from(text, 'latin1')
        socket.setNoDelay(true)
        for (let at = 0; at < bytes.length && socket.writable; at += size) {
          socket.write(bytes.subarray(at, at + size))
          await new Promise((done) => setImmediate(done))
        }
        waitsInVain(socket)
      }),
    beyondDue(bytes) {
      for (const one of readStrictly(bytes)) due.set(spelled(one), (due.get(spelled(one)) ?? 0) + 1)
      const came = upstream.seen.slice(looked)
      looked = upstream.seen.length
      return (
        came
          // Others belong to no run that could have said so.
          .filter(({ target }) => MARKED.test(target))
          .map(({ method, target, body }) => spelled({ line: `${method} ${target} HTTP/1.1`, body }))
          .filter((one) => {
            const left = due.get(one) ?? 0
            due.set(one, left - 1)
            return left <= 0
          })
      )
    },
    async expectAlive() {
      const { status } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
      expect([status, gateway.child.exitCode, gateway.child.signalCode]).toEqual([200, null, null])
      expect(gateway.output()).not.toMatch(/"level":(?:50|60)|"fault"|unhandled/i)
    },
    async close() {
      await gateway.remove()
      await upstream.close()
      await database.drop()
    },
  }
}

/** What is wrong with what came back; undefined where nothing is. */
export function faultIn(answers: readonly RawAnswer[]): string | undefined {
  for (const { status, text } of answers) {
    if (!(status >= 100 && status < 500)) return `a ${status}: ${text}`
    const inner = /node_modules|\.ts:\d|\n\s+at |TypeError|SyntaxError|HPE_/.exec(text)
    if (inner !== null) return `it tells "${inner[0]}"`
  }
  return undefined
}

const MARKED = /-\d{6}/
const spelled = ({ line, body }: ReadRequest) => `${line}\n${body}`
