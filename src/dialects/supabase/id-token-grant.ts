import { z } from '@hono/zod-openapi'
import { deny } from './deny.ts'
import type { Grant } from './grant.ts'
import { readFields } from './read-fields.ts'
import { text } from './schemas.ts'

const fields = z.object({ provider: text.default(''), id_token: text.default('') })

const issuers: ReadonlyMap<string, string> = new Map([
  ['google', 'https://accounts.google.com'],
  ['apple', 'https://appleid.apple.com'],
])

/** By the token of another provider, of which none is here. */
export const idTokenGrant: Grant = async (c, body) => {
  const read = readFields(c, fields, body)
  if (!read.ok) return read.answer
  const { provider, id_token: idToken } = read.value
  if (idToken === '') {
    return deny(c, { status: 400, code: 'validation_failed', message: 'id_token required' })
  }
  // Its own words are not said back, but for those that are known.
  const issuer = issuers.get(provider)
  const named = issuer === undefined ? 'Provider' : `Provider (issuer "${issuer}")`
  return deny(c, { status: 400, code: 'provider_disabled', message: `${named} is not enabled` })
}
