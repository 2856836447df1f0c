import { z } from '@hono/zod-openapi'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { deny } from './deny.ts'

/** What somebody calls a factor, and what an app shows it under: shown again, in mails too. */
export const factorName = z
  .string('A text is needed.')
  .max(100, 'At most 100 characters.')
  .regex(/^[^\p{C}]*$/u, 'No control characters.')

const uuid = z.uuid()

/** Goes on with the factor that a path names, in the one form that ids are kept in. */
export function withFactorId(
  c: GatewayContext,
  id: string,
  handle: (id: string) => Promise<Response>,
): Promise<Response> {
  if (uuid.safeParse(id).success) return handle(id.toLowerCase())
  const denial = { status: 404, code: 'validation_failed', message: 'factor_id must be an UUID' } as const
  return Promise.resolve(deny(c, denial))
}
