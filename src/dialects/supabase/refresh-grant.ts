import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import { deny } from './deny.ts'
import type { Grant } from './grant.ts'
import { readFields } from './read-fields.ts'
import { refused } from './refuse.ts'
import { text } from './schemas.ts'
import { answerSession } from './session-object.ts'

const fields = z.object({ refresh_token: text.default('') })

/** By a refresh token, which its successor replaces. */
export const refreshGrant: Grant = async (c, body) => {
  const read = readFields(c, fields, body)
  if (!read.ok) return read.answer
  const { refresh_token: refreshToken } = read.value
  if (refreshToken === '') {
    return deny(c, { status: 400, code: 'validation_failed', message: 'refresh_token required' })
  }
  const tokens = await c.env.service.refreshPerson(refreshToken, callerOf(c))
  return tokens.ok ? answerSession(c, tokens.value) : refused(c, tokens.failure)
}
