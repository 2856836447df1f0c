import { fail, ok, type Result } from '../core/result.ts'
import type { GatewayContext } from './gateway-env.ts'
import type { HttpFailure } from './refusal.ts'

/** The largest body that a route of ours reads. */
export const bodyMaxBytes = 64 * 1024

const JSON_TYPE = /^application\/(?:json|[a-z0-9.+-]+\+json)\s*(?:;|$)/i
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/**
 * Reads a JSON body of at most `bodyMaxBytes`; no body at all reads as `{}`. Compressed bodies are refused.
 * Of a duplicate member the last counts, as everywhere in JavaScript.
 */
export async function readJson(c: GatewayContext): Promise<Result<unknown, HttpFailure>> {
  const bytes = await readBytes(c)
  if (!bytes.ok) return bytes
  if (bytes.value.byteLength === 0) return ok({})
  if (!JSON_TYPE.test(c.env.header('content-type') ?? '')) return fail({ reason: 'content_type_unsupported' })
  try {
    return ok(JSON.parse(utf8.decode(bytes.value)))
  } catch {
    return fail({ reason: 'body_malformed' })
  }
}

const tooLarge = { reason: 'body_too_large', maxBytes: bodyMaxBytes } as const

/** Reads a body of at most `bodyMaxBytes`, as it was sent. Compressed bodies are refused. */
export async function readBytes(c: GatewayContext): Promise<Result<ArrayBuffer | Uint8Array, HttpFailure>> {
  const encoding = c.env.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return fail({ reason: 'content_encoding_unsupported' })
  }
  const declared = c.env.header('content-length')
  const chunked = c.env.header('transfer-encoding') !== undefined
  if (declared !== undefined && Number(declared) > bodyMaxBytes) return fail(tooLarge)
  try {
    // The platform itself holds a body to the length that it declared.
    if (declared !== undefined && !chunked) return ok(await c.req.arrayBuffer())
    return await readCapped(c.req.raw.body)
  } catch {
    // The client went away in the middle, or its framing broke.
    return fail({ reason: 'body_malformed' })
  }
}

/** Counts while it reads, so that a body without end is refused at the cap and not held. */
async function readCapped(body: ReadableStream<Uint8Array> | null): Promise<Result<Uint8Array, HttpFailure>> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body?.getReader()
  for (;;) {
    const chunk = await reader?.read()
    if (chunk === undefined || chunk.done) break
    size += chunk.value.byteLength
    if (size > bodyMaxBytes) {
      await reader?.cancel()
      return fail(tooLarge)
    }
    chunks.push(chunk.value)
  }
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return ok(bytes)
}
