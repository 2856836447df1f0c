import type { z } from 'zod'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { parseInput } from '../../http/parse-input.ts'
import { deny } from './deny.ts'

/** Reads fields of a body that was read already; undefined, and the refusal sent along, where one is not what it must be. */
export function readFields<S extends z.ZodObject>(
  c: GatewayContext,
  schema: S,
  body: Readonly<Record<string, unknown>>,
): { readonly ok: true; readonly value: z.output<S> } | { readonly ok: false; readonly answer: Response } {
  const parsed = parseInput(schema, body)
  if (parsed.ok) return parsed
  const [issue] = parsed.failure
  const message = `${issue?.path.map(String).join('.')}: ${issue?.message}`
  return { ok: false, answer: deny(c, { status: 400, code: 'validation_failed', message }) }
}
