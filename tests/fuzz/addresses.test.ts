import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forwardedFields } from '../../src/gateway/forwarded-fields.ts'
import { requestFields } from '../../src/gateway/request-fields.ts'
import { anyTokenRule } from '../../src/gateway/rules-file.ts'
import { addresses, canonicalAddress, clientAddress } from '../../src/runtime/addresses.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddPiece, oddText } from './odd-texts.ts'

const address = fc.oneof(fc.ipV4(), fc.ipV6())
const nearAddress = fc.oneof(
  address,
  address.chain((one) => mutantsOf(one)),
  fc.ipV4().map((one) => `::ffff:${one}`),
  fc.tuple(address, oddPiece).map((parts) => parts.join('%')),
  oddText,
)
const cidr = fc
  .tuple(nearAddress, fc.oneof(fc.integer({ min: 0, max: 130 }).map(String), oddPiece))
  .map(([one, bits]) => `${one}/${bits}`)

/** An IPv4 address and its network as numbers. */
const numberOf = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

describe('an address', () => {
  it('has one form, which is its own', () => {
    fc.assert(
      fc.property(nearAddress, (text) => {
        const one = canonicalAddress(text)
        if (one === undefined) return
        expect([text, canonicalAddress(one)]).toEqual([text, one])
        expect(one).toMatch(/^[0-9a-f:.]+(?:%[0-9a-z]+)?$/i)
      }),
      fuzzed(2000),
    )
  })

  it('is one site with its own form, and every text is some site', () => {
    fc.assert(
      fc.property(nearAddress, (text) => {
        const site = addresses.site(text)
        expect(addresses.site(canonicalAddress(text) ?? text)).toBe(site)
        if (canonicalAddress(text)?.includes(':')) expect(site).toMatch(/\/64$/)
      }),
      fuzzed(1500),
    )
  })
})

describe('a network', () => {
  it('holds the addresses that share its bits, and no others', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (one, other, bits) => {
        const size = 2 ** (32 - bits)
        const isWithin = Math.floor(numberOf(one) / size) === Math.floor(numberOf(other) / size)
        expect(addresses.within(one, [`${other}/${bits}`])).toBe(isWithin)
        expect(addresses.within(`::ffff:${one}`, [`${other}/${bits}`])).toBe(isWithin)
        expect(addresses.within(one, [])).toBe(false)
      }),
      fuzzed(1000),
    )
  })

  it('is asked of any text without a fault, where it was taken as one', () => {
    fc.assert(
      fc.property(nearAddress, cidr, (text, network) => {
        if (!addresses.isCidr(network)) return
        expect(typeof addresses.within(text, [network])).toBe('boolean')
        if (canonicalAddress(text) === undefined) expect(addresses.within(text, [network])).toBe(false)
      }),
      fuzzed(2000),
    )
  })

  it('of TRUSTED_PROXIES can be read where the settings take it: no call would be answered else', () => {
    const exact = fc.tuple(address, fc.integer({ min: 0, max: 128 })).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.oneof(cidr, exact), (text) => {
        const settings = parseSettings({ TRUSTED_PROXIES: text })
        if (!settings.ok) return
        for (const network of settings.value.trustedProxies)
          expect([network, addresses.isCidr(network)]).toEqual([network, true])
        clientAddress('192.0.2.1', '198.51.100.1', settings.value.trustedProxies)
      }),
      fuzzed(400),
    )
  })
})

describe('X-Forwarded-For', () => {
  const trusted = ['10.0.0.0/8', 'fd00::/8']
  const hops = fc.array(fc.oneof(nearAddress, fc.constantFrom('10.1.2.3', 'fd00::1', 'unknown', '')), {
    maxLength: 5,
  })

  it('of a stranger counts for nothing', () => {
    fc.assert(
      fc.property(hops, (list) => {
        expect(clientAddress('192.0.2.1', list.join(', '), trusted)).toBe('192.0.2.1')
        expect(clientAddress('192.0.2.1', list.join(', '), [])).toBe('192.0.2.1')
      }),
      fuzzed(500),
    )
  })

  it('of a proxy of ours names the last one that none of them vouches for, whatever a client put before', () => {
    fc.assert(
      fc.property(hops, fc.ipV4(), fc.nat(2), (before, client, proxies) => {
        if (addresses.within(client, trusted)) return
        const list = [...before, client, ...Array(proxies).fill('10.1.1.1')]
        expect(clientAddress('10.9.9.9', list.join(', '), trusted)).toBe(client)
      }),
      fuzzed(500),
    )
  })
})

describe('the fields that an upstream is told by', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'x_forwarded_for',
      'X-Real-IP',
      'X-Auth-Subject',
    ),
    fc.constantFrom(
      'x.auth.subject',
      'X_AUTH_SCOPE',
      'Connection',
      'Host',
      'Via',
      'Authorization',
      'authori_zation',
      'TE',
    ),
    fc.constantFrom(
      'Transfer-Encoding',
      'Content_Length',
      'X-Request-Id',
      'Cookie',
      'X-Api-Key',
      'Accept',
      'traceparent',
    ),
    fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
  )
  const value = fc.oneof(
    fc.constantFrom(
      'evil',
      '127.0.0.1',
      'for=evil',
      'X-Auth-Subject',
      'close, X-Auth-Subject, Forwarded',
      'Accept, Host',
      '"',
      'a"b\\',
    ),
    fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
  )
  const fields = fc.array(fc.tuple(name, value), { maxLength: 8 }).map((all) => all.flat())
  const call = {
    rule: anyTokenRule,
    identity: { subject: 's', clientId: 'c', keyId: 'k', permissions: ['a:b'], sessionId: 'i' },
    requestId: 'r',
    clientAddress: '192.0.2.1',
    upstreamHost: 'upstream.test',
    identityToken: undefined,
  }

  it('are ours alone, in every spelling, whatever a stranger sends', () => {
    fc.assert(
      fc.property(fields, (sent) => {
        const wire = { fields: sent, peer: '192.0.2.1', peerIsTrusted: false, scheme: 'http' } as const
        const got = requestFields(wire, call)
        const valuesOf = (plain: string) =>
          got.flatMap((one, index) =>
            index % 2 === 0 && one.toLowerCase().replace(/[^a-z0-9]/g, '-') === plain ? [got[index + 1]] : [],
          )
        expect(valuesOf('x-auth-subject')).toEqual(['s'])
        expect(valuesOf('x-auth-scope')).toEqual(['a:b'])
        expect(valuesOf('x-forwarded-for')).toEqual(['192.0.2.1'])
        expect(valuesOf('x-real-ip')).toEqual(['192.0.2.1'])
        expect(valuesOf('x-request-id')).toEqual(['r'])
        expect(valuesOf('host')).toEqual(['upstream.test'])
        expect(valuesOf('forwarded')).toHaveLength(1)
        for (const gone of ['authorization', 'transfer-encoding', 'connection', 'te', 'x-api-key'])
          expect([gone, valuesOf(gone)]).toEqual([gone, []])
      }),
      fuzzed(1500),
    )
  })

  it('spell each hop of Forwarded so that it can be read again', () => {
    const host = fc.constantFrom('a.test', 'a.test:80', '[::1]:8', 'a"b', 'a\\"; for=evil', 'a;b', 'a,b')
    fc.assert(
      fc.property(host, address, (asked, peer) => {
        const wire = { fields: ['Host', asked], peer, peerIsTrusted: false, scheme: 'http' } as const
        const all = new Map(forwardedFields(wire, call))
        // RFC 7239 §4: pairs of a token and a token or a quoted string.
        expect(all.get('Forwarded')).toMatch(/^for=(?:[\d.]+|"\[[0-9a-f:.]+\]");host="[^"\\]*";proto=http$/)
      }),
      fuzzed(300),
    )
  })
})
