import type { Logger } from 'pino'
import type { Alarm } from '../core/leaks/alarm.ts'
import { describeFault } from './log.ts'
import { postWebhook, type Webhook } from './post-webhook.ts'

const WEBHOOK_TIMEOUT_MS = 3000

export interface Alarms {
  /** Writes the alarm to the log and sends it to the operator's webhook, on its own time. */
  readonly raise: (alarm: Alarm) => void
  /** Resolves when nothing is on its way any more: within the timeout. */
  readonly settled: () => Promise<void>
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

  async function send(to: Webhook, alarm: Alarm): Promise<void> {
    const { ok, status } = await postWebhook(to, {
      id: alarm.id,
      body: JSON.stringify(spell(alarm)),
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    })
    if (!ok) logger.warn({ alarmId: alarm.id, status }, 'the alarm webhook refused')
  }
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
