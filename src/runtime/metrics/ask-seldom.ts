/** An answer that costs something, and may not come. */
export interface SeldomAsked<T> {
  /** What was answered last; undefined where the last question had no answer, or none in time. */
  readonly read: () => Promise<T | undefined>
}

/** Asks at most once in `everyMs`, however many read, and lets nobody wait for longer than `deadlineMs`. */
export function askSeldom<T>(
  ask: () => Promise<T>,
  {
    everyMs,
    deadlineMs,
    nowMs = () => performance.now(),
  }: { readonly everyMs: number; readonly deadlineMs: number; readonly nowMs?: () => number },
): SeldomAsked<T> {
  let askedAtMs = -Infinity
  let underway: Promise<T | undefined> | undefined
  let answer: T | undefined

  /** One question at a time: those that a dead database holds up must not pile up behind it. */
  function question(): Promise<T | undefined> {
    askedAtMs = nowMs()
    const asked = Promise.try(ask)
      .catch(() => undefined)
      .then((said) => {
        answer = said
        underway = undefined
        return said
      })
    underway = asked
    return asked
  }

  return {
    async read() {
      if (underway === undefined && nowMs() - askedAtMs < everyMs) return answer
      return inTime(underway ?? question(), deadlineMs)
    },
  }
}

async function inTime<T>(answer: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, deadlineMs, undefined)
  try {
    return await Promise.race([answer, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
