import ipaddr from 'ipaddr.js'
import type { Addresses } from '../core/ports.ts'

/** An IPv6 customer has a /64 at least, and may use all of it to guess from. */
const IPV6_SITE_BITS = 64

export const addresses: Addresses = {
  isCidr: (text) => ipaddr.isValidCIDR(text),

  within(address, cidrs) {
    const parsed = cidrs.length === 0 ? undefined : parsedAddress(address)
    if (parsed === undefined) return false
    return cidrs.some((cidr) => {
      const [network, bits] = parsedNetwork(cidr)
      return network.kind() === parsed.kind() && parsed.match(network, bits)
    })
  },

  site: (address) => siteOf(address),
}

/** So many texts are remembered with what they mean; beyond that all are forgotten at once. */
const REMEMBERED_MAX = 10_000

/** The same few texts come with every call, and to read one takes longer than a call should. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    if (known.size >= REMEMBERED_MAX) known.clear()
    const meaning = read(text)
    if (meaning !== undefined) known.set(text, meaning)
    return meaning
  }
}

const siteOf = remembering((text) => {
  const parsed = parsedAddress(text)
  if (parsed === undefined) return text
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SITE_BITS}`)}/${IPV6_SITE_BITS}`
})

const parsedNetwork = remembering(ipaddr.parseCIDR)
const parsedAddress = remembering((text) => (ipaddr.isValid(text) ? ipaddr.process(text) : undefined))

/** An address in the one form that we keep and compare: IPv4 mapped into IPv6 is IPv4, IPv6 is lower-case and short. */
export const canonicalAddress = remembering((text) => parsedAddress(text)?.toString())

/**
 * Whom a call comes from: the socket's peer, or, behind trusted proxies, the last address in `X-Forwarded-For` that none
 * of them vouches for. What a stranger writes into that header counts for nothing.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly string[],
): string | undefined {
  const socket = peer === undefined ? undefined : canonicalAddress(peer)
  if (socket === undefined || forwardedFor === undefined) return socket
  if (!addresses.within(socket, trustedProxies)) return socket
  const hops = forwardedFor.split(',').map((hop) => canonicalAddress(hop.trim()))
  let nearest = socket
  for (const hop of hops.toReversed()) {
    if (hop === undefined) return nearest
    nearest = hop
    if (!addresses.within(hop, trustedProxies)) return hop
  }
  return nearest
}
