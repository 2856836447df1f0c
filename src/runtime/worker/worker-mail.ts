import type { World } from '../../core/ports.ts'
import { describeFault } from '../log.ts'
import { createMailDelivery } from '../mail/mail-delivery.ts'
import { findSenders } from '../mail/start-mail.ts'
import type { Isolate } from './worker-isolate.ts'

/** What the platform leaves a call after its answer is thirty seconds, and the pool wants to be ended. */
const TAKE_MAX_MS = 10_000
const CUT_OFF_MS = 25_000

/** Delivers what is due, on the connection that is given; what does not go in time goes with the next call or tick. */
export async function deliverMails(of: Isolate, world: World): Promise<void> {
  const { settings, logger } = of
  of.senders ??= findSenders(settings, { own: new Map(), logger })
  const senders = await of.senders
  if (senders === undefined) return
  const signal = AbortSignal.timeout(CUT_OFF_MS)
  const delivery = createMailDelivery({ world, ...senders, logger, signal })
  const late = setTimeout(delivery.close, TAKE_MAX_MS)
  try {
    await delivery.look()
    await delivery.settled()
  } catch (fault) {
    logger.warn({ fault: describeFault(fault) }, 'mails could not be delivered yet')
  } finally {
    clearTimeout(late)
  }
}
