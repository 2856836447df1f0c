import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { supabase } from '../../../src/dialects/supabase/supabase.ts'

const docs = resolve(import.meta.dirname, '../../../docs')
const page = readFileSync(resolve(docs, 'dialects/supabase.md'), 'utf8')
const [, endpoints = ''] = page.split('\n## Endpoints\n')
const rows = [...endpoints.matchAll(/^\| `([A-Z]+ \/[^`]*)`[^|]*\| ([a-z ]+) \|/gm)]

describe('the page of the Supabase face', () => {
  it('has every endpoint of the face, and no other', () => {
    const written = new Set(rows.map(([, endpoint]) => endpoint))
    const offered = supabase.endpoints.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect([...written].sort()).toEqual(offered.sort())
  })

  it('says of each whether it is the same, different, or not offered', () => {
    expect(new Set(rows.map(([, , how]) => how))).toEqual(new Set(['same', 'different', 'not offered']))
  })

  it('is shorter in French, with the same export and the same way to the keys', () => {
    const french = readFileSync(resolve(docs, 'fr/supabase.md'), 'utf8')
    const commands = (text: string) => text.match(/^psql .*?auth-users\.json$|^npm run [^\n]*$/gms)
    expect(new Set(commands(french))).toEqual(new Set(commands(page)))
    expect(commands(french)).toHaveLength(4)
  })
})
