import { describe, expect, it } from 'vitest'
import { createRoundTripCounter } from '../../bench/workers/round-trips.ts'

const message = (type: string, body: Buffer = Buffer.alloc(0)) => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(4 + body.length)
  return Buffer.concat([Buffer.from(type), length, body])
}
const authentication = (code: number, rest = '') => {
  const body = Buffer.alloc(4)
  body.writeUInt32BE(code)
  return message('R', Buffer.concat([body, Buffer.from(rest)]))
}
const ready = message('Z', Buffer.from('I'))
const parameter = message('S', Buffer.from('TimeZone\0UTC\0'))
// A text in a row may look like a message.
const row = message('D', Buffer.from('Z\0\0\0\x05I R\0\0\0\x08'))
const scram = [authentication(10, 'SCRAM-SHA-256\0\0'), authentication(11, 'r='), authentication(12, 'v=')]
const setUp = [...scram, authentication(0), parameter, ready]

const countOf = (...chunks: readonly Uint8Array[]) => {
  const counter = createRoundTripCounter()
  for (const chunk of chunks) counter.read(chunk)
  return counter.count()
}

describe('the round trips of a connection', () => {
  it('begin with a set-up, which has one for the start and one for each answer that is asked for', () => {
    expect(countOf(...setUp)).toEqual({ setUp: 3, queries: 0 })
    expect(countOf(authentication(0), parameter, ready)).toEqual({ setUp: 1, queries: 0 })
    expect(countOf(authentication(3), authentication(0), ready)).toEqual({ setUp: 2, queries: 0 })
  })

  it('are then as many as the server was ready again, whatever the rows hold', () => {
    const answer = [message('1'), message('2'), row, row, message('C', Buffer.from('SELECT 2\0')), ready]
    expect(countOf(...setUp, ...answer, ...answer)).toEqual({ setUp: 3, queries: 2 })
  })

  it('are counted also where a statement was refused', () => {
    const refusal = message('E', Buffer.from('SERROR\0C23505\0\0'))
    expect(countOf(...setUp, refusal, ready)).toEqual({ setUp: 3, queries: 1 })
  })

  it('are the same wherever the network cuts', () => {
    const all = Buffer.concat([...setUp, row, ready, row, row, ready])
    for (let at = 0; at <= all.length; at++) {
      expect(countOf(all.subarray(0, at), all.subarray(at))).toEqual({ setUp: 3, queries: 2 })
    }
    expect(countOf(...[...all].map((byte) => Uint8Array.of(byte)))).toEqual({ setUp: 3, queries: 2 })
  })

  it('count a message only when it is whole', () => {
    const all = Buffer.concat([...setUp, ready])
    expect(countOf(all.subarray(0, -1))).toEqual({ setUp: 3, queries: 0 })
    expect(countOf(all)).toEqual({ setUp: 3, queries: 1 })
  })
})
