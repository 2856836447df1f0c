import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseTraceContext } from '../../src/http/trace-context.ts'
import { type AttackedGateway, spell, startAttackedGateway } from '../support/attacked-gateway.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'
const valid = `00-${trace}-${parent}-01`

const odd = [
  ['nothing', ''],
  ['a word', 'root'],
  ['a version that there will never be', `ff-${trace}-${parent}-01`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${parent}-01`],
  ['a parent of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
  ['capitals', valid.toUpperCase()],
  ['too short a trace', `00-${trace.slice(1)}-${parent}-01`],
  ['no flags', `00-${trace}-${parent}`],
  ['more than this version has', `${valid}-what`],
  ['more without a dash', `01-${trace}-${parent}-01x`],
  ['more than anybody needs', `01-${trace}-${parent}-01-${'x'.repeat(600)}`],
  ['two of them', `${valid}, ${valid}`],
] as const

describe('the trace of a call', () => {
  it('is read where it follows the specification', () => {
    expect(parseTraceContext(valid, 'a=1, b=2')).toEqual({
      traceparent: valid,
      tracestate: 'a=1, b=2',
    })
    expect(parseTraceContext(valid, '')?.tracestate).toBeUndefined()
  })

  it('of a version to come may say more', () => {
    const later = `01-${trace}-${parent}-01-more`
    expect(parseTraceContext(later, undefined)?.traceparent).toBe(later)
  })

  it.each(odd)('is none with %s', (_, text) => {
    expect(parseTraceContext(text, 'a=1')).toBeUndefined()
  })
})

describe('the proxy', () => {
  let attacked: AttackedGateway

  beforeAll(async () => {
    attacked = await startAttackedGateway()
  })

  afterAll(() => attacked?.close())

  beforeEach(() => {
    attacked.upstream.seen.length = 0
  })

  const traceSeen = async (fields: readonly string[]) => {
    await attacked.send(
      spell('GET /posts/1 HTTP/1.1', ['Host: a.test', 'Connection: close', attacked.bearer, ...fields]),
    )
    return attacked.upstream.seen[0]?.fields.filter(([name]) => name.startsWith('trace'))
  }

  it('passes the trace of a call on to the upstream', async () => {
    expect(await traceSeen([`Traceparent: ${valid}`, 'Tracestate: congo=t61, rojo=00f067'])).toEqual([
      ['traceparent', valid],
      ['tracestate', 'congo=t61, rojo=00f067'],
    ])
  })

  it('makes up no trace for a call that has none', async () => {
    expect(await traceSeen(['Tracestate: congo=t61'])).toEqual([])
  })

  it('keeps to itself a trace that comes twice', async () => {
    expect(await traceSeen([`Traceparent: ${valid}`, `Traceparent: ${valid}`])).toEqual([])
  })

  it.each(odd)('keeps to itself a trace with %s, and its state', async (_, text) => {
    expect(await traceSeen([`Traceparent: ${text}`, 'Tracestate: congo=t61'])).toEqual([])
  })
})
