import fc from 'fast-check'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { bodyMaxBytes } from '../../src/http/body.ts'
import { readForm } from '../../src/http/form.ts'
import type { GatewayEnv } from '../../src/http/gateway-env.ts'
import { fuzzed } from './fuzzed.ts'
import { oddName, oddPiece, oddText } from './odd-texts.ts'

type Seen = { readonly reason: string } | { readonly all: readonly (readonly [string, readonly string[]])[] }

/** Reads a form as a face does, and tells what it saw of some parameters. */
async function read(
  body: string | Uint8Array<ArrayBuffer>,
  names: readonly string[],
  headers: Record<string, string> = {},
): Promise<Seen> {
  const app = new Hono<GatewayEnv>().post('/', async (c) => {
    const form = await readForm(c, { repeatable: ['resource'] })
    if (!form.ok) return c.json({ reason: form.failure.reason })
    const { one, all } = form.value
    for (const name of names) expect(one(name)).toBe(all(name)[0])
    return c.json({ all: names.map((name) => [name, all(name)]) })
  })
  const type = { 'Content-Type': 'application/x-www-form-urlencoded', ...headers }
  const request = new Request('http://gateway.test/', { method: 'POST', headers: type, body })
  const header = (name: string) => request.headers.get(name) ?? undefined
  // Of all bindings the reader asks for the fields alone.
  return (await app.fetch(request, { header } as GatewayEnv['Bindings'])).json() as Promise<Seen>
}

describe('a form', () => {
  it('is read as it was written, whatever its names and values are', async () => {
    const text = oddText.map((one) => one.toWellFormed())
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.tuple(
            oddName.map((one) => one.toWellFormed()),
            text,
          ),
          { maxLength: 5, selector: ([name]) => name },
        ),
        async (pairs) => {
          const spelled = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString()
          if (spelled.length > bodyMaxBytes) return
          const seen = await read(
            spelled,
            pairs.map(([name]) => name),
          )
          expect(seen).toEqual({ all: pairs.map(([name, value]) => [name, value === '' ? [] : [value]]) })
        },
      ),
      fuzzed(300),
    )
  })

  it('of any bytes is read as the standard reads it, or refused', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a=',
        'b',
        '&',
        '=',
        '%',
        '%41',
        '%zz',
        '%c3%a9',
        '%ff',
        '+',
        'resource=x&',
        'a=1&',
        ';',
      ),
      oddPiece,
    )
    const body = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((all) => Buffer.from(all.join(''))),
      fc.uint8Array({ maxLength: 30 }),
    )
    let good = 0
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const seen = await read(new Uint8Array(bytes), ['a', 'b', 'resource', '__proto__'])
        if ('reason' in seen) {
          expect(seen.reason).toMatch(/^(?:body_malformed|request_invalid)$/)
          return
        }
        good++
        // A question mark at the beginning belongs to an address, and is passed over once.
        const standard = new URLSearchParams(`?${Buffer.from(bytes).toString('utf8')}`)
        expect(seen).toEqual({
          all: ['a', 'b', 'resource', '__proto__'].map((name) => [
            name,
            standard.getAll(name).filter((value) => value !== ''),
          ]),
        })
      }),
      fuzzed(500),
    )
    expect(good).toBeGreaterThan(50)
  })

  it('names each parameter once, but for those that may come again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('a', 'resource', 'client_id'),
        fc.constantFrom('1', '', '%31'),
        async (name, value) => {
          const encoded = [...name].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('')
          const seen = await read(`${name}=${value}&x=y&${encoded}=2`, [name])
          expect('reason' in seen).toBe(name !== 'resource')
        },
      ),
      fuzzed(30),
    )
  })

  it('comes as a form in UTF-8, uncompressed, and as nothing else', async () => {
    const type = fc.oneof(
      fc.constantFrom(
        'application/json',
        'text/plain',
        'application/x-www-form-urlencoded; charset=latin1',
        'multipart/form-data',
      ),
      fc.stringMatching(/^[a-z/; =+-]{0,30}$/),
    )
    await fc.assert(
      fc.asyncProperty(
        type,
        fc.constantFrom('', 'identity', 'gzip', 'br, gzip', 'x'),
        async (contentType, encoding) => {
          const headers = { 'Content-Type': contentType, ...(encoding && { 'Content-Encoding': encoding }) }
          const seen = await read('a=1', ['a'], headers)
          expect(seen).toEqual({
            reason:
              encoding === '' || encoding === 'identity'
                ? 'content_type_unsupported'
                : 'content_encoding_unsupported',
          })
        },
      ),
      fuzzed(100),
    )
  })
})
