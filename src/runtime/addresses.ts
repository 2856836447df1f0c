import ipaddr from 'ipaddr.js'
import type { Addresses } from '../core/ports.ts'

/** An IPv6 customer has a /64 at least, and may use all of it to guess from. */
const IPV6_SITE_BITS = 64

export const addresses: Addresses = {
  isCidr: (text) => ipaddr.isValidCIDR(text),

  within(address, cidrs) {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return cidrs.some((cidr) => {
      const [network, bits] = ipaddr.parseCIDR(cidr)
      return network.kind() === parsed.kind() && parsed.match(network, bits)
    })
  },

  site(address) {
    if (!ipaddr.isValid(address)) return address
    const parsed = ipaddr.process(address)
    if (parsed.kind() === 'ipv4') return parsed.toString()
    return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${IPV6_SITE_BITS}`)}/${IPV6_SITE_BITS}`
  },
}

/** So many peers are remembered in their one form; beyond that all are forgotten at once. */
const PEERS_MAX = 10_000
const peers = new Map<string, string>()

/** An address in the one form that we keep and compare: IPv4 mapped into IPv6 is IPv4, IPv6 is lower-case and short. */
export function canonicalAddress(text: string): string | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : undefined
}

/** The same of a socket's peer, who comes again and again. */
export function peerAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const known = peers.get(text)
  if (known !== undefined) return known
  if (peers.size >= PEERS_MAX) peers.clear()
  const canonical = canonicalAddress(text)
  if (canonical !== undefined) peers.set(text, canonical)
  return canonical
}

/**
 * Whom a call comes from: the socket's peer, or, behind trusted proxies, the last address in `X-Forwarded-For` that none
 * of them vouches for. What a stranger writes into that header counts for nothing.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: readonly string[],
): string | undefined {
  const socket = peerAddress(peer)
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
