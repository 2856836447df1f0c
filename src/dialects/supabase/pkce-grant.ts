import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import { deny } from './deny.ts'
import type { Grant } from './grant.ts'
import { readFields } from './read-fields.ts'
import { refused } from './refuse.ts'
import { text } from './schemas.ts'
import { answerSession } from './session-object.ts'

const fields = z.object({ auth_code: text.default(''), code_verifier: text.default('') })

/** By the code that a link led to, and the verifier that only the client which asked for the link knows. */
export const pkceGrant: Grant = async (c, body) => {
  const read = readFields(c, fields, body)
  if (!read.ok) return read.answer
  const { auth_code: code, code_verifier: verifier } = read.value
  if (code === '' || verifier === '') {
    const message = 'invalid request: both auth code and code verifier should be non-empty'
    return deny(c, { status: 400, code: 'validation_failed', message })
  }
  const tokens = await c.env.service.tradeAuthCode({ code, verifier }, callerOf(c))
  return tokens.ok ? answerSession(c, tokens.value) : refused(c, tokens.failure)
}
