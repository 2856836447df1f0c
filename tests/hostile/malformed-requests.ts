import { seededDice } from './seeded-dice.ts'

export interface MalformedRequest {
  readonly path: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

const bytes = (...values: readonly number[]) => Uint8Array.from(values)
const latin = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const members = (count: number) => Array.from({ length: count }, (_, index) => `"m${index}":${index}`).join()

/** Bodies that are no request on any token endpoint. */
export const hostileBodies: readonly { readonly name: string; readonly body: MalformedRequest['body'] }[] = [
  { name: 'an empty object', body: '{}' },
  { name: 'no body', body: '' },
  { name: 'white space', body: ' \r\n\t ' },
  ...['null', 'true', '0', '-0', '1e400', '"text"', '[]', '[{}]', '[[]]', '""'].map((body) => ({
    name: body,
    body,
  })),
  ...['{', '}', '{]', '{"apiKey"}', '{"apiKey":}', '{"apiKey":"x",}', "{'apiKey':'x'}", '{apiKey:"x"}'].map(
    (body) => ({ name: `the broken JSON ${body}`, body }),
  ),
  ...[
    'NaN',
    'undefined',
    '{"apiKey":"\t"}',
    '{"apiKey":"\\x"}',
    '{"apiKey":"x"}}',
    '{"a":1}{"b":2}',
    '// x\n{}',
  ].map((body) => ({ name: `the broken JSON ${JSON.stringify(body)}`, body })),
  { name: 'a NUL byte before the object', body: '\u0000{"apiKey":"x","refresh":"x"}' },
  { name: 'invalid UTF-8', body: latin('{"apiKey":"\xff\xfe","refresh":"\xff\xfe"}') },
  { name: 'overlong UTF-8', body: latin('{"apiKey":"\xc0\xaf","refresh":"\xc0\xaf"}') },
  { name: 'a UTF-8 surrogate', body: latin('{"apiKey":"\xed\xa0\x80","refresh":"\xed\xa0\x80"}') },
  { name: 'cut UTF-8', body: latin('{"apiKey":"\xe2\x82') },
  {
    name: 'UTF-16 with a mark',
    body: new Uint8Array(Buffer.from('\ufeff{"apiKey":"x","refresh":"x"}', 'utf16le')),
  },
  {
    name: 'UTF-16 without a mark',
    body: new Uint8Array(Buffer.from('{"apiKey":"x","refresh":"x"}', 'utf16le')),
  },
  { name: 'UTF-32', body: bytes(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0, 0x7d, 0, 0, 0) },
  { name: 'a byte order mark and a wrong key', body: '\ufeff{"apiKey":"x","refresh":"x"}' },
  { name: 'two byte order marks', body: '\ufeff\ufeff{"apiKey":"x","refresh":"x"}' },
  { name: 'arrays 65,000 deep', body: '['.repeat(65_000) },
  { name: 'closed arrays 32,000 deep', body: '['.repeat(32_000) + ']'.repeat(32_000) },
  { name: 'objects 10,000 deep', body: `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}` },
  { name: 'a key 30,000 arrays deep', body: `{"apiKey":${'['.repeat(30_000)}${']'.repeat(30_000)}}` },
  { name: '5,000 members', body: `{${members(5000)}}` },
  { name: 'a number of 60,000 digits', body: `{"apiKey":${'9'.repeat(60_000)}}` },
  { name: 'a number with 60,000 decimals', body: `{"apiKey":1.${'0'.repeat(60_000)}1e-9}` },
  {
    name: 'a text of 60,000 characters',
    body: JSON.stringify({ apiKey: 'A'.repeat(60_000), refresh: 'A'.repeat(60_000) }),
  },
  { name: 'a member name of 60,000 characters', body: `{"${'A'.repeat(60_000)}":"x"}` },
  { name: 'the prototype as a carrier', body: '{"__proto__":{"apiKey":"x","refresh":"x"}}' },
  {
    name: 'the constructor as a carrier',
    body: '{"constructor":{"prototype":{"apiKey":"x","refresh":"x"}}}',
  },
  { name: 'other spellings of the names', body: '{"apikey":"x","APIKEY":"x","api_key":"x","Refresh":"x"}' },
  { name: 'a name with a NUL', body: '{"apiKey\\u0000":"x","refresh\\u0000":"x"}' },
  { name: 'dotted and bracketed names', body: '{"apiKey.0":"x","apiKey[]":"x","refresh[0]":"x"}' },
]

const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 1e21, [], {}, [[]], [{}], ['x'], { 0: 'x' }, { length: 49 }],
  ...[{ toString: 'x' }, { valueOf: 'x' }, { $ne: null }, { $gt: '' }, { $regex: '.*' }, { type: 'string' }],
  ...[{ __proto__: null }, { constructor: 'x' }, { toJSON: 'x' }, [null], [0], [true]],
]

/** Texts that stand where a credential should and are none. */
export function hostileTexts(key: string): readonly string[] {
  const around = [
    '\u0000',
    '\u200b',
    '\u200d',
    '\ufeff',
    '\u202e',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\u00a0',
    '\u2028',
    '%00',
    '"',
  ]
  return [
    ...[
      '',
      ' ',
      '\u0000',
      'null',
      'undefined',
      '[object Object]',
      'true',
      '0',
      '-',
      '_',
      '__',
      'gk',
      'gk_',
      'grt_',
    ],
    ...[
      "' or 1=1 --",
      "'; drop table api_keys; --",
      '#{7*7}',
      '{{7*7}}',
      '%s%n%x',
      '$(id)',
      '`id`',
      '../../etc/passwd',
    ],
    ...[
      '<script>alert(1)</script>',
      'javascript:alert(1)',
      '\u001b[31m',
      '\ud800',
      '\udfff\ud800',
      '😀'.repeat(20),
    ],
    ...['A'.repeat(49), 'A'.repeat(4095), '\u0000'.repeat(4096), 'é'.repeat(49), 'ｇｋ＿'.repeat(10)],
    ...around.flatMap((text) => [text + key, key + text, key.slice(0, 20) + text + key.slice(20)]),
    ...[
      key,
      key.toUpperCase(),
      key.toLowerCase(),
      [...key].toReversed().join(''),
      key + key,
      `${key},${key}`,
    ],
    ...[key.slice(1), key.slice(0, -1), key.slice(3), key.replace('_', '-'), key.replace('_', '__')],
    ...[`Bearer ${key}`, btoa(key), encodeURIComponent(`${key}&x`), `grt${key.slice(2)}`, `gk${key}`],
  ]
}

/** More than a thousand requests, the same in every run, none of which holds a valid credential. */
export function* malformedRequests(canary: string): Generator<MalformedRequest> {
  const paths = ['/api/v1/auth/token/', '/api/v1/auth/token/refresh']
  for (const path of paths) {
    for (const value of oddValues) {
      for (const wrap of [value, [value], { value }]) {
        for (const name of ['apiKey', 'refresh']) {
          const body = JSON.stringify({ [name]: wrap, [name === 'apiKey' ? 'x' : 'apiKey']: canary })
          yield { path, body, headers: {} }
        }
      }
    }
    for (const value of oddValues) {
      for (const name of ['permissions', 'audience', 'expires_in', 'sub', 'exp', 'scope', 'client_id']) {
        yield { path, body: JSON.stringify({ apiKey: canary, refresh: canary, [name]: value }), headers: {} }
      }
      yield {
        path,
        body: '{}',
        headers: { 'X-API-Key': JSON.stringify(value), 'Content-Type': 'application/json' },
      }
    }
    yield* mutations(path, canary)
  }
}

/** A good-looking body with bytes replaced, dropped, doubled and swapped. */
function* mutations(path: string, canary: string): Generator<MalformedRequest> {
  const dice = seededDice(path.length)
  const original = Buffer.from(JSON.stringify({ apiKey: canary, refresh: canary, expires_in: 60 }))
  for (let round = 0; round < 350; round++) {
    let body = new Uint8Array(original)
    for (let times = dice.below(3); times >= 0; times--) {
      const at = dice.below(body.length)
      const rest = body.subarray(at + 1)
      const [before, byte] = [body.subarray(0, at), dice.below(256)]
      const middle = dice.pick([
        [byte],
        [],
        [body[at]!, body[at]!],
        [dice.pick([...Buffer.from('{}[]",:\\\0')])],
      ])
      body = new Uint8Array([...before, ...middle, ...rest])
    }
    yield { path, body, headers: {} }
  }
}
