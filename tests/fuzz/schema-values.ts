import fc from 'fast-check'
import { oddName, oddText, oddValue } from './odd-texts.ts'

/** A schema of an OpenAPI 3.1 document, as far as ours have them. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
}

export interface SchemaWorld {
  readonly schemas: Readonly<Record<string, Schema>>
  /** What fields of a name really hold: a password, a token, an address. */
  readonly known: (name: string) => readonly unknown[]
}

/** Values that a schema takes, by its own word; where a field has real values, those too. */
export function valuesOf(schema: Schema, world: SchemaWorld, name = ''): fc.Arbitrary<unknown> {
  const plain = plainValues(schema, world, name)
  const real = world.known(name)
  return real.length === 0
    ? plain
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...real) }, { weight: 1, arbitrary: plain })
}

function plainValues(schema: Schema, world: SchemaWorld, name: string): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined)
    return valuesOf(world.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, world, name)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  const choice = schema.anyOf ?? schema.oneOf
  if (choice !== undefined) return fc.oneof(...choice.map((one) => valuesOf(one, world, name)))
  if (schema.allOf !== undefined)
    return fc
      .tuple(...schema.allOf.map((one) => valuesOf(one, world, name)))
      .map((parts) => Object.assign({}, ...parts))
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object'])
  return fc.oneof(...types.map((type) => ofType(type, schema, world)))
}

function ofType(type: string, schema: Schema, world: SchemaWorld): fc.Arbitrary<unknown> {
  if (type === 'null') return fc.constant(null)
  if (type === 'boolean') return fc.boolean()
  if (type === 'integer' || type === 'number') return numbers(schema)
  if (type === 'string') return texts(schema)
  if (type === 'array') return fc.array(valuesOf(schema.items ?? {}, world), { maxLength: 3 })
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return fc.dictionary(oddName, oddValue, { maxKeys: 3, noNullPrototype: true })
  const model = Object.fromEntries(fields.map(([name, one]) => [name, valuesOf(one, world, name)]))
  return fc.record(model, { requiredKeys: [...(schema.required ?? [])], noNullPrototype: true })
}

function numbers({ minimum = -(2 ** 31), maximum = 2 ** 31 }: Schema): fc.Arbitrary<unknown> {
  const [min, max] = [Math.max(minimum, -Number.MAX_SAFE_INTEGER), Math.min(maximum, Number.MAX_SAFE_INTEGER)]
  return fc.oneof(fc.integer({ min, max: Math.max(min, max) }), fc.constantFrom(min, max))
}

function texts({ format, pattern, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<unknown> {
  if (format === 'uuid') return fc.uuid()
  if (format === 'date-time')
    return fc.date({ noInvalidDate: true, min: new Date(0) }).map((at) => at.toISOString())
  if (format === 'email') return fc.emailAddress()
  if (format === 'ipv4') return fc.ipV4()
  if (format === 'ipv6') return fc.ipV6()
  const matching = pattern === undefined ? undefined : matchingTexts(pattern)
  return (
    matching ??
    fc.oneof(fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) }), oddText)
  )
}

/** Undefined for an expression that nothing can be made of. */
function matchingTexts(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern))
  } catch {
    return undefined
  }
}

/** The text of a body that is nearly what it should be: a field of another kind, one too many, one twice, or no JSON at all. */
export function nearBodies(value: unknown): fc.Arbitrary<string> {
  const json = JSON.stringify(value) ?? 'null'
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fc.constant(json)
  const names = Object.keys(value)
  const name = fc.oneof(names.length > 0 ? fc.constantFrom(...names) : oddName, oddName)
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(name, oddValue).map(([one, odd]) => JSON.stringify(withMember(value, one, odd))),
    },
    {
      weight: 1,
      arbitrary: name.map((one) =>
        JSON.stringify(Object.fromEntries(Object.entries(value).filter(([key]) => key !== one))),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(name, oddValue)
        .map(
          ([one, odd]) =>
            `${json.slice(0, -1)}${names.length > 0 ? ',' : ''}${JSON.stringify(one)}:${JSON.stringify(odd)}}`,
        ),
    },
    { weight: 1, arbitrary: fc.nat(json.length).map((end) => json.slice(0, end)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(name, fc.integer({ min: 1000, max: 70_000 }))
        .map(([one, size]) => JSON.stringify(withMember(value, one, 'x'.repeat(size)))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(name, fc.integer({ min: 100, max: 10_000 }))
        .map(([one, deep]) => `{${JSON.stringify(one)}:${'['.repeat(deep)}${']'.repeat(deep)}}`),
    },
  )
}

function withMember(value: object, name: string, member: unknown): object {
  return Object.fromEntries([...Object.entries(value).filter(([key]) => key !== name), [name, member]])
}
