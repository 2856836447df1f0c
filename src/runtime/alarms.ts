import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Alarm } from '../core/leaks/alarm.ts'
import { describeFault } from './log.ts'

const WEBHOOK_TIMEOUT_MS = 3000

export interface Alarms {
  /** Writes the alarm to the log and sends it to the operator's webhook, on its own time. */
  readonly raise: (alarm: Alarm) => void
  /** Resolves when nothing is on its way any more: within the timeout. */
  readonly settled: () => Promise<void>
}

export interface Webhook {
  readonly url: string
  /** `whsec_` and the key in base64. */
  readonly secret: string
}

/** How alarms leave this process. What goes wrong on the way is logged and never reaches the call that raised one. */
export function createAlarms(logger: Logger, webhook: Webhook | undefined): Alarms {
  const underway = new Set<Promise<void>>()
  return {
    raise(alarm) {
      logger.warn({ alarm }, alarm.kind)
      if (webhook === undefined) return
      const sending: Promise<void> = send(webhook, alarm)
        .catch((fault) => {
          logger.warn({ alarmId: alarm.id, fault: describeFault(fault) }, 'the alarm webhook was not reached')
        })
        .finally(() => underway.delete(sending))
      underway.add(sending)
    },
    async settled() {
      await Promise.all(underway)
    },
  }

  async function send({ url, secret }: Webhook, alarm: Alarm): Promise<void> {
    const body = JSON.stringify(spell(alarm))
    const timestamp = String(Math.floor(Date.now() / 1000))
    const response = await fetch(url, {
      method: 'POST',
      // Followed, it would tell of the alarm wherever the answer says.
      redirect: 'manual',
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'guichet',
        'webhook-id': alarm.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': sign(secret, `${alarm.id}.${timestamp}.${body}`),
      },
      body,
    })
    await response.body?.cancel()
    if (response.ok) return
    logger.warn({ alarmId: alarm.id, status: response.status }, 'the alarm webhook refused')
  }
}

/** The scheme of Standard Webhooks 1.0, for which receivers have libraries. */
function sign(secret: string, text: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`
}

function spell(alarm: Alarm) {
  return {
    type: alarm.kind,
    timestamp: alarm.at.toISOString(),
    data: {
      key_id: alarm.keyId,
      client_id: alarm.clientId,
      source: alarm.source ?? null,
      address: alarm.address ?? null,
      user_agent: alarm.userAgent ?? null,
      request_id: alarm.requestId,
    },
  }
}
