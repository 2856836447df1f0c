import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../../src/gateway/gateway.ts'
import { identityFields } from '../../src/gateway/identity-fields.ts'
import { createMatcher } from '../../src/gateway/match.ts'
import { ruleSlips } from '../../src/gateway/rule-slips.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { routeSchema } from '../../src/gateway/rules-schema.ts'

const pages = ['docs/gateway.md', 'docs/fr/passerelle.md'] as const
const text = (page: string) => readFileSync(resolve(import.meta.dirname, '../..', page), 'utf8')
const yamlOf = (page: string) =>
  [...text(page).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, code = '']) => code)

/** The rows of the table whose first heading this is, with their code marks taken off. */
function rowsOf(page: string, heading: string): readonly (readonly string[])[] {
  const [, rest = ''] = text(page).split(new RegExp(`^\\| ${heading} \\|.*\\n\\|[-|]+\\n`, 'm'))
  const lines = rest.slice(0, rest.search(/^[^|]/m)).trim().split('\n')
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

/** The fields of a schema, those within a field as `timeouts.idle_ms`, with what an empty route has in their place. */
function fieldsOf(schema: z.ZodObject, defaults: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(schema.shape).flatMap(([name, field]): readonly (readonly [string, unknown])[] => {
    const value = (defaults as Record<string, unknown> | undefined)?.[name]
    const inner = bare(field as z.ZodType)
    if (!(inner instanceof z.ZodObject)) return [[name, value]]
    return fieldsOf(inner, value).map(([within, its]) => [`${name}.${within}`, its] as const)
  })
}

function bare(field: z.ZodType): z.ZodType {
  const wrapped =
    field instanceof z.ZodOptional || field instanceof z.ZodDefault || field instanceof z.ZodPrefault
  return wrapped ? bare(field.unwrap() as z.ZodType) : field
}

describe('the table of route fields', () => {
  const fields = fieldsOf(routeSchema, routeSchema.parse({ path: '/' })).map(
    ([name, value]) => [name, name === 'path' ? undefined : value] as const,
  )

  it.each([
    [pages[0], 'Field'],
    [pages[1], 'Champ'],
  ])('of %s has a row for each, in order, with its default', (page, heading) => {
    const spell = (value: unknown) => {
      const none = value === undefined || value === '' || JSON.stringify(value) === '{}'
      return none || (Array.isArray(value) && value.length === 0) ? '–' : String(value)
    }
    const column = page === pages[0] ? 2 : 1
    expect(rowsOf(page, heading).map((row) => [row[0], row[column]])).toEqual(
      fields.map(([name, value]) => [name, spell(value)]),
    )
  })
})

describe('the page of the gateway', () => {
  const [example = ''] = yamlOf(pages[0])
  const rules = parseRules(example)
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))

  it('shows routes that can be used, without a slip, each of them reached', () => {
    expect(ruleSlips(rules.value)).toEqual([])
    const { find } = createMatcher(rules.value)
    const host = 'API.example.com:443'
    expect(
      [
        { method: 'HEAD', host, path: '/status' },
        { method: 'GET', host, path: '/orders' },
        { method: 'PUT', host, path: '/orders/7' },
        { method: 'GET', host, path: '/reports/2026/q1' },
      ].map((place) => find(place)?.name),
    ).toEqual(rules.value.map(({ name }) => name))
    expect(find({ method: 'GET', host, path: '/reports/latest/q1' })).toBeUndefined()
    expect(find({ method: 'GET', host: 'example.net', path: '/reports/2026/q1' })).toBeUndefined()
  })

  it('names the fields that tell who calls', () => {
    const names = Object.keys(identityFields(undefined, ''))
    for (const page of pages) {
      const named = text(page).match(/^\| `X-[\w-]+`/gm) ?? []
      expect(named.map((cell) => cell.slice(3, -1))).toEqual(names)
    }
  })

  it('names the endpoints that other proxies ask', () => {
    const paths = createGateway([], { basePath: '' }).questions.map(({ path }) => path.replace('/*', '/…'))
    expect(rowsOf(pages[0], 'Endpoint').map(([path]) => path)).toEqual(paths)
  })

  it('shows the same routes in French', () => {
    expect(yamlOf(pages[1])).toEqual([example])
  })
})
