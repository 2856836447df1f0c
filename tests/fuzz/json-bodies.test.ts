import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, readAnswer } from '../support/call.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { badBytes, badValues, goodValues } from './json-corpus.ts'
import { isJson } from './json-grammar.ts'
import { mutantsOf, oddText, oddValue } from './odd-texts.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

/** A place that takes a JSON body, and how it says that what came is none. */
interface Place {
  readonly path: string
  readonly isMalformed: (answer: Answer) => boolean
}

const native = ({ body }: Answer) => body?.error?.code === 'malformed_body'
const places: Readonly<Record<string, Place>> = {
  'the token endpoint': { path: '/api/v1/auth/token/', isMalformed: native },
  'the refresh endpoint': { path: '/api/v1/auth/token/refresh', isMalformed: native },
  'the sign-in': { path: '/api/v1/auth/login', isMalformed: native },
  'the Supabase token endpoint': {
    path: '/auth/v1/token?grant_type=password',
    isMalformed: ({ body }) => body?.error_code === 'bad_json',
  },
  'the MyTone registration': {
    path: '/auth/register',
    isMalformed: ({ body }) => body?.detail?.[0]?.type === 'json_invalid',
  },
}

let callers = 0

async function post(path: string, body: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
  // From somewhere else each time: wrong credentials of one address are counted.
  callers++
  gateway.comeFrom(`2001:db8:${(callers >> 16).toString(16)}:${(callers & 0xffff).toString(16)}::1`)
  const headers = { 'Content-Type': 'application/json' }
  const answer = await readAnswer(
    await gateway.answer(new Request(`http://gateway.test${path}`, { method: 'POST', headers, body })),
  )
  expect([answer.status < 500, gateway.faults]).toEqual([true, []])
  return answer
}

const exchanged = (body: string | Uint8Array<ArrayBuffer>) => post('/api/v1/auth/token/', body)
const bytes = (...parts: readonly (string | readonly number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

describe('the corpus', () => {
  it('is told apart by the grammar: all that is good and nothing that is bad', () => {
    const isDeep = (text: string) => /^(?:[[\]]|\{"a":){5000}/.test(text)
    const wrong = (corpus: Readonly<Record<string, string>>, isGood: boolean) =>
      Object.entries(corpus).filter(([, text]) => !isDeep(text) && isJson(text) !== isGood)
    expect([wrong(goodValues, true), wrong(badValues, false)]).toEqual([[], []])
  })
})

describe('the token endpoint', patience, () => {
  it.each(Object.entries(goodValues))('takes a key beside %s', async (_, value) => {
    const { status, text } = await exchanged(`{"apiKey":"${gateway.adminKey}","beside":${value}}`)
    expect([status, status === 200 ? '' : text]).toEqual([200, ''])
  })

  it.each(Object.entries(badValues))('takes no key beside %s', async (_, value) => {
    const answer = await exchanged(`{"apiKey":"${gateway.adminKey}","beside":${value}}`)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'malformed_body'])
  })

  it.each(Object.entries(badBytes))('takes no key beside a text with %s', async (_, odd) => {
    const answer = await exchanged(bytes(`{"apiKey":"${gateway.adminKey}","beside":"`, odd, '"}'))
    expect([answer.status, answer.body.error.code]).toEqual([400, 'malformed_body'])
  })

  it('takes one byte order mark and no second, and none within', async () => {
    const body = JSON.stringify({ apiKey: gateway.adminKey })
    const mark = [0xef, 0xbb, 0xbf]
    const statuses = [
      bytes(mark, body),
      bytes(mark, mark, body),
      bytes(body, mark),
      bytes('{', mark, body.slice(1)),
    ]
    expect(await Promise.all(statuses.map(async (one) => (await exchanged(one)).status))).toEqual([
      200, 400, 400, 400,
    ])
  })

  it('takes the last of a name that comes twice, in whatever spelling', async () => {
    const key = gateway.adminKey
    const spelled = [...key].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
    const bodies = [
      `{"apiKey":"x","apiKey":"${key}"}`,
      `{"apiKey":"${key}","apiKey":"x"}`,
      `{"apiKey":"x","\\u0061piKey":"${spelled}"}`,
      `{"apiKey":"${key}","__proto__":{"apiKey":"x"}}`,
      `{"__proto__":{"apiKey":"${key}"}}`,
    ]
    const statuses = []
    for (const body of bodies) statuses.push((await exchanged(body)).status)
    expect(statuses).toEqual([200, 401, 200, 200, 400])
  })

  it('takes what the grammar takes, of texts that are nearly JSON', async () => {
    const structural = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '-',
      '.',
      'e',
      'null',
      ' ',
      '\n',
      '\u00a0',
      '\\u00',
      '/',
    )
    const value = oddValue
      .map((one) => JSON.stringify(one))
      .filter((text) => text.length < 2000)
      .chain((text) => fc.oneof(fc.constant(text), mutantsOf(text, structural), mutantsOf(text)))
    await fc.assert(
      fc.asyncProperty(value, async (odd) => {
        const body = `{"beside":${odd},"apiKey":"${gateway.adminKey}"}`
        const { status } = await exchanged(body)
        // What an edit closes early may have no key, or another one.
        if (isJson(odd.toWellFormed())) expect([odd, status]).toEqual([odd, 200])
        if (!isJson(body.toWellFormed())) expect([odd, status]).toEqual([odd, 400])
      }),
      fuzzed(500),
    )
  })
})

describe.each(Object.entries(places))('the body of %s', (_, { path, isMalformed }) => {
  it('is read as its grammar says, all that is good and all that is bad', patience, async () => {
    const wrong: string[] = []
    for (const [name, value] of Object.entries(goodValues))
      if (isMalformed(await post(path, `{"beside":${value}}`))) wrong.push(name)
    for (const [name, value] of Object.entries(badValues))
      if (!isMalformed(await post(path, `{"beside":${value}}`))) wrong.push(name)
    for (const [name, odd] of Object.entries(badBytes))
      if (!isMalformed(await post(path, bytes('{"beside":"', odd, '"}')))) wrong.push(name)
    expect(wrong).toEqual([])
  })

  it('is refused with a 4xx whatever value it is alone, and quoted in no answer', patience, async () => {
    const body = fc.oneof(
      oddValue.map((value) => JSON.stringify(value)),
      oddText,
    )
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const { status, text: told } = await post(path, text)
        expect(Math.floor(status / 100)).toBe(4)
        expect(told).not.toMatch(/SyntaxError|TypeError|JSON\.parse|Unexpected|node_modules|\.ts:/)
      }),
      fuzzed(60),
    )
  })
})
