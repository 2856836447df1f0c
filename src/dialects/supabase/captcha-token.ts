import { z } from '@hono/zod-openapi'
import { parseInput } from '../../http/parse-input.ts'

const fields = z.object({ gotrue_meta_security: z.object({ captcha_token: z.string().min(1) }) })

/** The answer to the operator's captcha, where clients put it: `gotrue_meta_security.captcha_token`. */
export function captchaTokenOf(body: unknown): string | undefined {
  const read = parseInput(fields, body)
  return read.ok ? read.value.gotrue_meta_security.captcha_token : undefined
}

/** The member of a body that holds it, for the schemas of those who read it. */
export const captchaField = { gotrue_meta_security: z.unknown().optional() }
