import { createHmac } from 'node:crypto'

/** An address of the operator's that is told of things. */
export interface Webhook {
  readonly url: string
  /** `whsec_` and the key in base64. */
  readonly secret: string
}

/**
 * Posts JSON to a webhook, signed by the scheme of Standard Webhooks 1.0, for which receivers have libraries; answers the
 * status. What comes twice has the same `id`. It throws where nobody answers before the signal.
 */
export async function postWebhook(
  { url, secret }: Webhook,
  { id, body, signal }: { readonly id: string; readonly body: string; readonly signal: AbortSignal },
): Promise<{ readonly ok: boolean; readonly status: number }> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const response = await fetch(url, {
    method: 'POST',
    // Followed, it would tell wherever the answer says.
    redirect: 'manual',
    signal,
    headers: {
      'Content-Type': 'application/json',
      'User-Agent': 'guichet',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(secret, `${id}.${timestamp}.${body}`),
    },
    body,
  })
  await response.body?.cancel()
  return { ok: response.ok, status: response.status }
}

function sign(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`
}
