import { z } from '@hono/zod-openapi'
import { formatScope } from '../../core/permissions.ts'
import { ok, type Result } from '../../core/result.ts'
import { spellAssurance, spellDelegate } from '../../core/tokens/access-token.ts'
import { holderOf, introspectPermission, type TokenReport } from '../../core/tokens/introspect.ts'
import { isOfPerson } from '../../core/tokens/session.ts'
import { callerOf, noteKey } from '../../http/caller.ts'
import type { Form } from '../../http/form.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { admitCaller, requirePermission } from '../../http/guard.ts'
import type { Refusal } from '../../http/refusal.ts'
import { answer } from './answer.ts'
import { readClient } from './client.ts'
import { clientFields, formEndpoint } from './endpoint.ts'
import { needed } from './grants.ts'
import { refused } from './refuse.ts'

/** RFC 7662. */
export const introspectEndpoint = formEndpoint({
  path: '/introspect',
  summary: 'Say what a token is worth now',
  description: `A client is told of its own tokens. Of those of others too with ${introspectPermission}, which a caller by Bearer token always needs.`,
  form: z.object({
    token: z.string(),
    token_type_hint: z.string().optional().openapi({ description: 'Not needed: the token tells by itself.' }),
    ...clientFields,
  }),
  answer: z.object({
    active: z.boolean(),
    scope: z.string().optional(),
    client_id: z.string().optional(),
    token_type: z.string().optional(),
    exp: z.int().optional(),
    iat: z.int().optional(),
    sub: z.string().optional(),
    aud: z.array(z.string()).optional(),
    iss: z.string().optional(),
    jti: z.string().optional(),
    sid: z.string().optional(),
    key_id: z.string().optional(),
    aal: z.int().optional(),
    amr: z.array(z.string()).optional(),
    auth_time: z.int().optional(),
    act: z.unknown().optional(),
  }),
  errors: [400, 401, 403, 413, 429, 503],
  async handle(c, form) {
    const report = await readReport(c, form)
    if (!report.ok) return refused(c, report.failure)
    return answer(c, spellReport(report.value, c.env.service.policy.issuer))
  },
})

async function readReport(c: GatewayContext, form: Form): Promise<Result<TokenReport | undefined, Refusal>> {
  if (/^bearer(?: |$)/i.test(c.env.header('authorization') ?? '')) return reportToBearer(c, form)
  const client = readClient(c, form)
  if (!client.ok) return client
  const token = needed(form, 'token')
  if (!token.ok) return token
  const answered = await c.env.service.introspectAsClient(
    { credentials: client.value, token: token.value },
    callerOf(c),
  )
  if (!answered.ok) return answered
  noteKey(c, answered.value)
  return ok(answered.value.report)
}

async function reportToBearer(
  c: GatewayContext,
  form: Form,
): Promise<Result<TokenReport | undefined, Refusal>> {
  const principal = await admitCaller(c)
  if (!principal.ok) return principal
  const allowed = requirePermission(c, introspectPermission)
  if (!allowed.ok) return allowed
  const token = needed(form, 'token')
  return token.ok ? c.env.service.introspect(principal.value, token.value) : token
}

/** Of a token that is not active nothing else is said (RFC 7662 §2.2). */
function spellReport(report: TokenReport | undefined, issuer: string): object {
  if (report === undefined) return { active: false }
  if (report.kind === 'access') {
    const { principal } = report
    return {
      active: true,
      scope: formatScope(principal.permissions),
      client_id: principal.clientId,
      token_type: 'Bearer',
      exp: principal.expiresAt,
      iat: principal.issuedAt,
      sub: principal.subject,
      aud: principal.audiences,
      iss: principal.issuer,
      jti: principal.tokenId,
      sid: principal.sessionId,
      key_id: principal.keyId,
      ...(principal.assurance && spellAssurance(principal.assurance)),
      ...(principal.delegate && { act: spellDelegate(principal.delegate) }),
    }
  }
  const { session, permissions, audiences } = report
  const { owner, subject } = holderOf(report)
  return {
    active: true,
    scope: formatScope(permissions),
    client_id: owner,
    exp: Math.floor(session.expiresAt.getTime() / 1000),
    iat: Math.floor(session.createdAt.getTime() / 1000),
    sub: subject,
    aud: audiences,
    iss: issuer,
    sid: session.id,
    ...(!isOfPerson(session) && { key_id: session.keyId }),
  }
}
