import type { Logger } from 'pino'
import { type Announcement, parseAnnouncement } from '../store/announcements.ts'
import { describeFault } from './log.ts'
import type { Listen, Listener } from './postgres.ts'

/**
 * How often the safety net looks, and asks a feed whether it lives, in milliseconds: rarely beside a working feed, within
 * the second without one.
 */
const POLL_MS = { listening: 5000, deaf: 500 } as const

const DEAF =
  'no announcement arrives over the database connection (a pooler?); polling twice a second until DATABASE_DIRECT_URL is set'

/** By how much the clock may gain or lose between two looks before it counts as set. */
const CLOCK_STEP_MS = 2000
const CLOCK_EVERY_MS = 100

/** How many polls go by before a connection that carries no announcements is tried again: a minute. */
const DEAF_POLLS = 120

export interface FeedParts {
  /** Opens the database's own feed. */
  readonly listen: Listen
  readonly hear: (announcement: Announcement) => Promise<void>
  /** Catches up with everything that may have been missed. */
  readonly catchUp: () => Promise<void>
  /** Drops what the feed would have corrected while it was broken. */
  readonly distrust: () => void
  readonly logger: Logger
}

export interface Feed {
  readonly state: () => FeedState
  readonly stop: () => Promise<void>
}

export interface FeedState {
  readonly connected: boolean
  /** How often it was connected again after it had broken. */
  readonly reconnects: number
}

/** Keeps this process's memory in step with the others': hears announcements, and polls as a safety net. */
export async function startFeed(parts: FeedParts): Promise<Feed> {
  let listener: Listener | undefined
  let opening = false
  let stopped = false
  let broken = false
  let complained = false
  let reconnects = 0
  let deaf = false
  let deafPolls = 0
  let timer: NodeJS.Timeout | undefined

  /** Not at the end of the long wait that a working feed allows. */
  const beatSoon = (inMs: number) => {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = setTimeout(() => void beat(), inMs)
  }
  const lose = (lost: Listener | undefined) => {
    // One that has been replaced may still say that it is over.
    if (lost === undefined || lost !== listener || stopped) return
    listener = undefined
    broken = true
    parts.distrust()
    parts.logger.warn('the revocation feed is broken; polling until it is back')
    beatSoon(POLL_MS.deaf)
  }
  // What is known is known as of a time of the clock: when that is set, or the machine was asleep, nobody knows how old it is.
  const clock = watchClock((stepMs) => {
    parts.logger.warn({ stepMs }, 'the clock was set; catching up with what others did')
    parts.distrust()
    beatSoon(0)
  })
  const onAnnouncement = (payload: string) => {
    const announcement = parseAnnouncement(payload)
    if (announcement === undefined) return
    parts
      .hear(announcement)
      .catch((fault) => parts.logger.warn({ fault: describeFault(fault) }, 'an announcement was lost'))
  }
  const tuneIn = async () => {
    let opened: Listener | undefined
    opened = await parts.listen(onAnnouncement, () => lose(opened))
    if (stopped) return opened?.close()
    listener = opened
    complained = false
    parts.distrust()
    if (listener === undefined) {
      deafPolls = DEAF_POLLS
      // Once, and not each minute: it is as it was set up.
      if (!deaf) parts.logger.warn(DEAF)
      deaf = true
      return
    }
    if (broken) reconnects++
    if (broken || deaf) parts.logger.info('the revocation feed is back')
    broken = deaf = false
  }
  const open = async () => {
    opening = true
    try {
      await tuneIn()
    } catch (fault) {
      // Once, and not twice a second.
      if (!complained) {
        parts.logger.warn({ fault: describeFault(fault) }, 'the revocation feed cannot be opened; polling')
      }
      complained = broken = true
    }
    opening = false
  }
  const look = () =>
    parts.catchUp().catch((fault) => {
      parts.logger.warn({ fault: describeFault(fault) }, 'the revocation feed could not catch up')
    })
  const reopen = async () => {
    await open()
    // What came after the last poll and before the first announcement.
    if (listener !== undefined) await look()
  }
  /** A connection that was dropped on the way says nothing of it, and carries nothing. */
  const ask = async (asked: Listener) => {
    try {
      await asked.ask()
    } catch {
      lose(asked)
      await asked.close()
    }
  }
  const beat = async () => {
    timer = undefined
    if (listener !== undefined) void ask(listener)
    // Beside the polls, which wait for no connection that does not come about.
    else if (deafPolls === 0 && !opening) void reopen()
    else if (deafPolls > 0) {
      deafPolls--
      // What nobody tells of is looked up again.
      parts.distrust()
    }
    await look()
    if (!stopped)
      timer = setTimeout(() => void beat(), listener === undefined ? POLL_MS.deaf : POLL_MS.listening)
  }
  await open()
  await look()
  timer = setTimeout(() => void beat(), listener === undefined ? POLL_MS.deaf : POLL_MS.listening)
  return {
    state: () => ({ connected: listener !== undefined, reconnects }),
    async stop() {
      stopped = true
      clearInterval(clock)
      clearTimeout(timer)
      await listener?.close()
    },
  }
}

/** Tells of every step of the wall clock against the one that only counts. */
function watchClock(onStep: (stepMs: number) => void): NodeJS.Timeout {
  const ahead = () => Date.now() - performance.now()
  let before = ahead()
  const look = () => {
    const stepMs = Math.round(ahead() - before)
    before += stepMs
    if (Math.abs(stepMs) > CLOCK_STEP_MS) onStep(stepMs)
  }
  return setInterval(look, CLOCK_EVERY_MS).unref()
}
