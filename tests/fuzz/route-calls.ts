import fc from 'fast-check'
import { oddName, oddPiece, oddText } from './odd-texts.ts'
import { type Asker, askers, type Operation, type RouteStage } from './route-stage.ts'
import { nearBodies, valuesOf } from './schema-values.ts'

/** One call of somebody. */
export interface Asked {
  readonly asker: Asker
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const contentTypes = fc.constantFrom(
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/json;charset=utf-16',
    'text/plain',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    '*/*',
    'application/problem+json',
  ],
)

/** Printable, since a client library sends no others; what sockets send is tested elsewhere. */
const fieldValue = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/),
  fc.constantFrom(
    'é',
    '\xff',
    ',',
    '""',
    'a,b',
    '0',
    '-1',
    '9'.repeat(400),
    '{}',
    'null',
    '../..',
    '2024-01-01',
    '*',
  ),
)
const fieldName = fc.constantFrom(
  ...[
    'X-Request-Id',
    'Idempotency-Key',
    'X-API-Key',
    'Accept',
    'Accept-Language',
    'User-Agent',
    'Origin',
    'apikey',
    'redirect_to',
  ],
  ...[
    'X-Supabase-Api-Version',
    'X-Forwarded-For',
    'traceparent',
    'tracestate',
    'If-Match',
    'Range',
    'X-HTTP-Method-Override',
  ],
  ...[
    'Content-Encoding',
    'Sec-WebSocket-Protocol',
    'Upgrade',
    'Cookie',
    'X-Original-URL',
    'X-Forwarded-Host',
    'Access-Control-Request-Method',
  ],
)

/** Calls of one route: as it wants them, nearly so, and not at all. */
export function callsOf(stage: RouteStage, { path, parameters, bodies }: Operation): fc.Arbitrary<Asked> {
  const world = { schemas: stage.schemas, known: stage.known }
  const idOf = (kind: string) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.nat().map((at) => stage.ids(kind)[at % stage.ids(kind).length] ?? '-') },
      { weight: 1, arbitrary: fc.nat().map((at) => stage.ids('any')[at % stage.ids('any').length] ?? '-') },
      { weight: 1, arbitrary: fc.uuid() },
      {
        weight: 2,
        arbitrary: oddText.map((text) => encodeURIComponent(text.toWellFormed().slice(0, 200)) || '-'),
      },
    )
  const filled = fc
    .tuple(
      ...path
        .split('/')
        .map((part, at, all) => (part.startsWith('{') ? idOf(all[at - 1] ?? '') : fc.constant(part))),
    )
    .map((parts) => parts.join('/'))
  const named = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, schema }) => valuesOf(schema, world, name).map((value) => [name, textOf(value)] as const))
  const query = fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    {
      weight: 3,
      arbitrary: (named.length === 0
        ? fc.constant([])
        : fc.subarray(named).chain((some) => fc.tuple(...some))
      ).map(queryOf),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.tuple(fc.oneof(oddName, fc.constantFrom('', ...parameters.map(({ name }) => name))), oddText),
          { maxLength: 3 },
        )
        .map(queryOf),
    },
    {
      weight: 1,
      arbitrary: fc.array(oddPiece, { maxLength: 4 }).map((all) => `?${all.join('').replace(/[#\s]/g, '')}`),
    },
  )
  const headers = fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(fieldName, fieldValue), { maxLength: 2 })
        .map((all) => Object.fromEntries(all)),
    },
  )
  const asker = fc.oneof(fc.constant(askerFor(path)), fc.constantFrom(...askers))
  return fc
    .record({ asker, filled, query, headers, body: bodiesOf(bodies) })
    .map(({ asker: who, filled: at, query: asked, headers: fields, body: [type, body] }) => ({
      asker: who,
      target: at + asked,
      headers: { ...(type !== undefined && { 'Content-Type': type }), ...fields },
      body,
    }))

  function bodiesOf(
    described: Operation['bodies'],
  ): fc.Arbitrary<readonly [string | undefined, string | undefined]> {
    const [schema] = Object.values(described)
    const value = schema === undefined ? fc.constant({}) : valuesOf(schema, world)
    const json = value.chain((one) =>
      fc.oneof(
        { weight: 2, arbitrary: fc.constant(JSON.stringify(one)) },
        { weight: 1, arbitrary: nearBodies(one) },
      ),
    )
    const form = value.map((one) =>
      new URLSearchParams(
        Object.entries(one as object).map(([name, member]) => [name, textOf(member)]),
      ).toString(),
    )
    const takesForm = 'application/x-www-form-urlencoded' in described
    return fc.oneof(
      {
        weight: 6,
        arbitrary: takesForm
          ? form.map((text) => ['application/x-www-form-urlencoded', text] as const)
          : json.map((text) => ['application/json', text] as const),
      },
      { weight: 1, arbitrary: fc.tuple(contentTypes, fc.oneof(json, form, oddText)) },
      { weight: 1, arbitrary: fc.constant([undefined, undefined] as const) },
    )
  }
}

function queryOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs.map(([name, value]) => [name, value]))}`
}

/** Not `String`: there are objects that can be no text. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Who gets the furthest. */
function askerFor(path: string): Asker {
  if (/^\/auth\/v1\/(?:admin|invite)/.test(path)) return 'service'
  if (path.startsWith('/auth/v1/')) return 'supabase person'
  return /^\/(?:auth|api\/v1\/me)\b/.test(path) ? 'person' : 'admin'
}
