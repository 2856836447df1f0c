import { describe, expect, it } from 'vitest'
import { addresses, clientAddress } from '../../src/runtime/addresses.ts'

const proxies = ['10.0.0.0/8', 'fd00::/8']

describe('the address of a client', () => {
  it.each([
    ['the peer, when nobody is trusted', '203.0.113.9', '198.51.100.1', [], '203.0.113.9'],
    ['the peer, when it is no proxy of ours', '203.0.113.9', '198.51.100.1', proxies, '203.0.113.9'],
    ['what the proxy saw', '10.0.0.1', '198.51.100.1', proxies, '198.51.100.1'],
    [
      'the last that no proxy of ours vouches for',
      '10.0.0.1',
      '1.1.1.1, 198.51.100.1, 10.0.0.2',
      proxies,
      '198.51.100.1',
    ],
    ['not what a stranger wrote before it', '10.0.0.1', '127.0.0.1, 198.51.100.1', proxies, '198.51.100.1'],
    ['the nearest proxy, when what it says is no address', '10.0.0.1', 'unknown', proxies, '10.0.0.1'],
    ['the farthest proxy, when all are ours', '10.0.0.1', '10.0.0.3, 10.0.0.2', proxies, '10.0.0.3'],
    ['IPv4, however it is mapped', '::ffff:203.0.113.9', undefined, proxies, '203.0.113.9'],
    ['IPv6 in its short form', '2001:DB8:0:0::1', undefined, [], '2001:db8::1'],
  ])('is %s', (_what, peer, forwardedFor, trusted, expected) => {
    expect(clientAddress(peer, forwardedFor, trusted)).toBe(expected)
  })

  it('is not known where the platform does not tell', () => {
    expect(clientAddress(undefined, '198.51.100.1', proxies)).toBeUndefined()
  })
})

describe('one customer', () => {
  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
  ])('%s and %s: %s', (one, other, same) => {
    expect(addresses.site(one) === addresses.site(other)).toBe(same)
  })
})
