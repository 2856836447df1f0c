import type { IncomingMessage } from 'node:http'
import type { UpstreamCall } from '../../http/wire.ts'

/** RFC 9110 §5.6.2 and §5.5: what undici would refuse. It must never see it, since it then loses a connection. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const NO_FIELD_VALUE = /[^\t\u0020-\u007e\u0080-\u00ff]/
const ORIGIN_FORM = /^\/[\u0021-\u00ff]*$/

/** The pipe's own concern: each connection has its framing, and the wait for a 100 ends here. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/** The fields of a call as they go to its upstream, framed like the client's; undefined where they cannot be sent. */
export function requestFields(
  { method, target, fields }: UpstreamCall,
  { headers }: IncomingMessage,
): string[] | undefined {
  if (!TOKEN.test(method) || !ORIGIN_FORM.test(target)) return undefined
  const sent: string[] = []
  let hosts = 0
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? ''
    const value = fields[index + 1] ?? ''
    const lowerName = name.toLowerCase()
    if (framing.has(lowerName)) continue
    if (lowerName === 'host') hosts += 1
    if (!TOKEN.test(name) || NO_FIELD_VALUE.test(value)) return undefined
    sent.push(name, value)
  }
  if (hosts > 1) return undefined
  const length = headers['content-length']
  if (headers['transfer-encoding'] === undefined && length !== undefined) sent.push('content-length', length)
  return sent
}
