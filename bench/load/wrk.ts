import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { HttpRequest } from '../contender.ts'
import { cores, pinned } from '../cores.ts'
import { connections, type Load, type LoadFigures, type LoadOrder } from './load.ts'

const execute = promisify(execFile)
const script = resolve(import.meta.dirname, 'calls.lua')
/** More than can be under way at half load, so that a slow answer keeps no other call back. */
const PACED_CONNECTIONS = 128
/** Shorter pauses cannot be told from none: wrk counts them in milliseconds. */
const PAUSE_MIN_MS = 1

/** What calls.lua prints; times in microseconds. */
interface Printed {
  readonly completed: number
  readonly micros: number
  readonly p50: number
  readonly p99: number
  readonly refused: number
  readonly failed: number
  readonly fullAt: number
  readonly spentAt: number
}

/** Drives with wrk, one thread on the core that is not measured. */
export function wrkLoad(folder: string): Load {
  const calls = join(folder, 'calls')
  return {
    name: 'wrk',
    canPace: true,
    async run(order) {
      const { contender, requests, seconds, rate } = order
      await writeFile(calls, requests.map((request) => `${spell(request, contender.origin)}\0`).join(''))
      const width = rate === undefined ? connections : PACED_CONNECTIONS
      const thinkMs = rate === undefined ? 0 : Math.max(PAUSE_MIN_MS, Math.round((width * 1000) / rate))
      const options = ['-t1', `-c${width}`, `-d${seconds}s`, '--timeout', '10s', '-s', script]
      const [program = '', ...args] = pinned(cores.others, ['wrk', ...options, contender.origin])
      const { stdout } = await execute(program, args, {
        env: {
          PATH: process.env['PATH'],
          BENCH_CALLS: calls,
          BENCH_CONNECTIONS: String(width),
          BENCH_THINK_MS: String(thinkMs),
          BENCH_ONCE: contender.supply.kind === 'once' ? '1' : '0',
        },
      })
      return judge(stdout, { order, width })
    },
  }
}

function judge(
  stdout: string,
  { order, width }: { readonly order: LoadOrder; readonly width: number },
): LoadFigures {
  const printed = /^BENCH (.*)$/m.exec(stdout)?.[1]
  if (printed === undefined) throw new Error('wrk printed no figures')
  const { completed, micros, p50, p99, refused, failed, fullAt, spentAt } = JSON.parse(printed) as Printed
  const { expectedStatus } = order.contender
  const wrong = expectedStatus < 400 ? refused : completed - refused
  if (wrong > 0) throw new Error(`${wrong} of ${completed} answers were not ${expectedStatus}`)
  if (failed > 0) throw new Error(`${failed} calls were not answered`)
  if (completed === 0) throw new Error('nothing was answered')
  // wrk goes on waiting when the calls are spent: then the time is from all connections busy to the last call sent.
  const perSecond =
    spentAt > fullAt && fullAt > 0
      ? ((order.requests.length - width) * 1e6) / (spentAt - fullAt)
      : (completed * 1e6) / micros
  return { completed, perSecond, p50Ms: p50 / 1000, p99Ms: p99 / 1000 }
}

function spell({ method, path, headers, body }: HttpRequest, origin: string): string {
  const all = {
    host: new URL(origin).host,
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`
}
