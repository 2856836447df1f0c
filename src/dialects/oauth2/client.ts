import { fail, ok, type Result } from '../../core/result.ts'
import type { ClientCredentials } from '../../core/tokens/authenticate.ts'
import { decodeFormText, type Form } from '../../http/form.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import type { HttpFailure } from '../../http/refusal.ts'

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads how a client shows itself (RFC 6749 §2.3.1): by `client_secret_basic` or by `client_secret_post`, and by no more
 * than one of them. Its id is its own UUID or its key's, its secret the API key.
 */
export function readClient(c: GatewayContext, form: Form): Result<ClientCredentials, HttpFailure> {
  const header = c.env.header('authorization')
  const id = form.one('client_id')
  const secret = form.one('client_secret')
  if (header === undefined || !/^basic(?: |$)/i.test(header)) {
    if (secret === undefined) return fail({ reason: 'credential_missing' })
    if (header !== undefined) return fail({ reason: 'credential_ambiguous' })
    if (id !== undefined) return ok({ clientId: id, apiKey: secret })
    const details = [{ field: 'client_id', message: 'It is needed beside client_secret.' }]
    return fail({ reason: 'request_invalid', details })
  }
  const basic = parseBasic(header)
  if (basic === undefined) return fail({ reason: 'authorization_malformed' })
  const another = id !== undefined && id !== basic.clientId
  return secret !== undefined || another ? fail({ reason: 'credential_ambiguous' }) : ok(basic)
}

/** Id and secret are each form-encoded before they are joined by a colon. */
function parseBasic(header: string): ClientCredentials | undefined {
  const [, encoded] = BASIC.exec(header) ?? []
  if (encoded === undefined) return undefined
  const [id, secret, ...more] = decodeBase64(encoded)?.split(':').map(decodeFormText) ?? []
  if (id === undefined || secret === undefined || more.length > 0) return undefined
  return { clientId: id, apiKey: secret }
}

function decodeBase64(text: string): string | undefined {
  try {
    return utf8.decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)))
  } catch {
    return undefined
  }
}
