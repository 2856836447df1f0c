import { expect } from 'vitest'
import type { RecipeCase } from './bench.ts'
import { send } from './send.ts'

const names = ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Key-Id', 'X-Auth-Scope', 'X-Auth-Session']
const spellings = names.flatMap((name) => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replace('-', '_').toLowerCase(),
  name.replace(/-(?=[^-]*$)/, '_'),
  // RFC 3875 §4.1.18 makes one variable of all of them, and so do servers that follow it.
  ...[..."!#$%&'*+.^`|~"].map((sign) => name.replaceAll('-', sign)),
])
const spoofed = spellings.flatMap((name) => [name, 'mallory'])

/** What an API might take another path, method or origin from. */
const overriding = [
  ...['X-Original-URL', '/mallory', 'X-Rewrite-URL', '/mallory', 'X-Forwarded-Uri', '/mallory'],
  ...['X-Forwarded-Prefix', '/mallory', 'X-Forwarded-Host', 'mallory', 'X-Forwarded-For', 'mallory'],
  ...['X-HTTP-Method-Override', 'mallory', 'X-HTTP-Method', 'mallory', 'X-Method-Override', 'mallory'],
  ...['Forwarded', 'for=mallory', 'X-Original-Method', 'mallory', 'X-Forwarded-Method', 'mallory'],
]

/** What no client can make an API believe, at every proxy. */
export const spoofingCases: readonly RecipeCase[] = [
  {
    name: "replaces a client's own identity fields, in every spelling",
    async check({ proxy, bench }) {
      await send(proxy.port, { target: '/orders/1', token: bench.reader.token, fields: spoofed })
      const { fields } = bench.api.calls[0]!
      expect(fields.filter(([, value]) => value.includes('mallory'))).toEqual([])
      for (const name of names) {
        expect(fields.filter(([it]) => it === name.toLowerCase())).toHaveLength(1)
      }
    },
  },
  {
    name: 'takes them out of calls to public routes',
    async check({ proxy, bench }) {
      const answer = await send(proxy.port, { target: '/public/1', fields: spoofed })
      const { fields } = bench.api.calls[0]!
      expect(answer.status).toBe(200)
      const said = fields.filter(([name]) => /^x[^a-z]auth/.test(name))
      expect(said.filter(([, value]) => value !== '')).toEqual([])
    },
  },
  {
    name: 'lets no client take an identity field away by listing it in Connection',
    async check({ proxy, bench }) {
      const fields = ['Connection', 'close, X-Auth-Subject, X-Auth-Scope']
      await send(proxy.port, { target: '/orders/1', token: bench.reader.token, fields })
      const reached = new Map(bench.api.calls[0]!.fields)
      expect(reached.get('x-auth-scope')).toBe('orders:read')
      expect(reached.get('x-auth-subject')).toMatch(/./)
      expect(reached.get('connection') ?? '').not.toMatch(/x-auth/i)
    },
  },
  {
    name: 'lets no client name another path, method or origin than the one that was judged',
    async check({ proxy, bench }) {
      await send(proxy.port, { target: '/orders/1', token: bench.reader.token, fields: overriding })
      const { fields } = bench.api.calls[0]!
      expect(fields.filter(([, value]) => value.includes('mallory'))).toEqual([])
      const bare = await send(proxy.port, { target: '/orders/1', fields: ['X-Forwarded-Uri', '/public/1'] })
      expect(bare.status).toBe(401)
    },
  },
  {
    name: 'lets no client upgrade to anything but WebSocket',
    async check({ proxy, bench }) {
      const offer = [
        'Connection',
        'Upgrade, HTTP2-Settings',
        'Upgrade',
        'h2c',
        'HTTP2-Settings',
        'AAMAAABkAAQAAP__',
      ]
      await send(proxy.port, { target: '/public/1', fields: offer })
      expect(bench.api.calls[0]!.fields.filter(([name]) => name === 'upgrade')).toEqual([])
    },
  },
]
