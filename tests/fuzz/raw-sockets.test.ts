import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fuzzed, patience } from './fuzzed.ts'
import { doubtful, lastRequest, nearRequest, noise, runMark } from './raw-requests.ts'
import { faultIn, type RawStage, startRawStage } from './raw-stage.ts'

let stage: RawStage

beforeAll(async () => {
  stage = await startRawStage()
})

afterAll(() => stage?.close())

let runs = 0
/** Bytes with the number of this run in all their paths. */
function marked(bytes: string): string {
  runs++
  return bytes.replaceAll(runMark, String(runs).padStart(runMark.length, '0'))
}

describe('bytes on a connection', patience, () => {
  it('that are nearly HTTP are answered with less than a 500, or not at all, and the next call works', async () => {
    let answered = 0
    await fc.assert(
      fc.asyncProperty(fc.array(nearRequest, { minLength: 1, maxLength: 3 }), async (all) => {
        const answers = await stage.send(all.join(''))
        expect(faultIn(answers)).toBeUndefined()
        answered += answers.length
      }),
      fuzzed(150),
    )
    expect(answered).toBeGreaterThan(75)
    await stage.expectAlive()
  })

  it('that are noise are refused or dropped', async () => {
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        expect(faultIn(await stage.send(bytes))).toBeUndefined()
      }),
      fuzzed(60),
    )
    await stage.expectAlive()
  })

  it('that end at any byte of good calls do what came whole, and nothing else', async () => {
    const body = JSON.stringify({ apiKey: 'x' })
    const whole = [
      `POST /r1-${runMark} HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      `POST /api/v1/auth/token/ HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `GET /r2-${runMark} HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    ].join('')
    const ends = Array.from({ length: whole.length + 1 }, (_, end) => end)
    for (let from = 0; from < ends.length; from += 30) {
      await Promise.all(
        ends.slice(from, from + 30).map(async (end) => {
          const sent = marked(whole).slice(0, end)
          expect([end, stage.beyondDue(sent)]).toEqual([end, []])
          expect([end, faultIn(await stage.send(sent))]).toEqual([end, undefined])
          expect([end, stage.beyondDue('')]).toEqual([end, []])
        }),
      )
    }
    await stage.expectAlive()
  })

  it('that stop in the middle and never end keep nobody else waiting', async () => {
    const { hostname, port } = new URL(stage.gateway.url)
    const beginnings = [
      '',
      'G',
      'GET /x HT',
      'GET /x HTTP/1.1\r\nHost: a',
      'POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nab',
      'POST /api/v1/auth/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    ]
    const open: Socket[] = []
    for (let index = 0; index < 60; index++) {
      const socket = connect(Number(port), hostname).on('error', () => {})
      socket.write(beginnings[index % beginnings.length]!)
      open.push(socket)
    }
    await stage.expectAlive()
    for (const socket of open) socket.destroy()
    await stage.expectAlive()
  })
})

describe('requests in doubt before an upstream', patience, () => {
  it('reach it as the strictest reader reads them, or not at all: it never sees two for one', async () => {
    const before = stage.upstream.seen.length
    await fc.assert(
      fc.asyncProperty(fc.array(doubtful, { minLength: 1, maxLength: 3 }), async (all) => {
        const bytes = marked(all.join('') + lastRequest)
        expect([bytes, stage.beyondDue(bytes)]).toEqual([bytes, []])
        expect([bytes, faultIn(await stage.send(bytes))]).toEqual([bytes, undefined])
        expect([bytes, stage.beyondDue('')]).toEqual([bytes, []])
      }),
      fuzzed(200),
    )
    const seen = stage.upstream.seen.slice(before)
    expect(seen.length).toBeGreaterThan(50)
    // What nobody may do is done by nobody, wherever it was hidden.
    expect(seen.filter(({ target }) => target.includes('admin'))).toEqual([])
    await stage.expectAlive()
  })

  it('are the same to it where they come byte by byte', async () => {
    const before = stage.upstream.seen.length
    await fc.assert(
      fc.asyncProperty(doubtful, fc.integer({ min: 1, max: 9 }), async (one, size) => {
        const bytes = marked(one + lastRequest)
        expect([bytes, stage.beyondDue(bytes)]).toEqual([bytes, []])
        expect([bytes, faultIn(await stage.sendInPieces(bytes, size))]).toEqual([bytes, undefined])
        expect([bytes, stage.beyondDue('')]).toEqual([bytes, []])
      }),
      fuzzed(30),
    )
    expect(stage.upstream.seen.length).toBeGreaterThan(before + 5)
    await stage.expectAlive()
  })
})
