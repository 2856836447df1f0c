import { describe, expect, it } from 'vitest'
import { hashingPace } from '../../src/runtime/passwords/hashing-pace.ts'
import { hashingQueue } from '../../src/runtime/passwords/hashing-queue.ts'
import { hashingThreads, nodePasswords } from '../../src/runtime/passwords/node-passwords.ts'
import { PasswordsBusyError } from '../../src/runtime/passwords/passwords-busy-error.ts'

/** A queue with jobs that end when they are told to, and a clock that moves by hand. */
function testQueue(threads: number, waitingMax = 1000) {
  let nowMs = 0
  const queue = hashingQueue({ threads, waitingMax, waitMaxMs: 10_000, nowMs: () => nowMs })
  const started: string[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  return {
    started,
    pass: (ms: number) => {
      nowMs += ms
    },
    add(name: string, asked?: number) {
      const end = Promise.withResolvers<string>()
      ends.set(name, end)
      const outcome = queue(() => {
        started.push(name)
        return end.promise
      }, asked)
      // What a test does not look at is not unheard of.
      outcome.catch(() => {})
      return outcome
    },
    async end(name: string) {
      ends.get(name)!.resolve(`${name} done`)
      await settled()
    },
    async fail(name: string) {
      ends.get(name)!.reject(new Error(`${name} failed`))
      await settled()
    },
  }
}

/** After all that is due without anything further happening. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('the queue of hashing', () => {
  it('runs as many jobs as it has threads, and the next one when one ends, in the order of their coming', async () => {
    const queue = testQueue(2)
    const outcomes = ['a', 'b', 'c', 'd'].map((name) => queue.add(name))
    await settled()
    expect(queue.started).toEqual(['a', 'b'])
    await queue.end('b')
    expect(queue.started).toEqual(['a', 'b', 'c'])
    await queue.end('a')
    await queue.end('c')
    await queue.end('d')
    expect(await Promise.all(outcomes)).toEqual(['a done', 'b done', 'c done', 'd done'])
  })

  it('never runs more at once than it has threads, however many come', async () => {
    const queue = hashingQueue({ threads: 3, waitingMax: 500, waitMaxMs: 10_000, nowMs: () => 0 })
    let running = 0
    let most = 0
    const job = async () => {
      most = Math.max(most, ++running)
      await settled()
      running--
    }
    await Promise.all(Array.from({ length: 500 }, () => queue(job)))
    expect(most).toBe(3)
  })

  it('goes on after a job that fails', async () => {
    const queue = testQueue(1)
    const [failing, next] = [queue.add('a'), queue.add('b')]
    await queue.fail('a')
    await expect(failing).rejects.toThrow('a failed')
    await queue.end('b')
    expect(await next).toBe('b done')
  })

  it('gives a job as many threads as it asks for, or all of them', async () => {
    const queue = testQueue(2)
    for (const [name, asked] of [
      ['a', 1],
      ['b', 4],
      ['c', 1],
    ] as const)
      queue.add(name, asked)
    await settled()
    expect(queue.started).toEqual(['a'])
    await queue.end('a')
    expect(queue.started).toEqual(['a', 'b'])
    await queue.end('b')
    expect(queue.started).toEqual(['a', 'b', 'c'])
  })

  it('lets so many wait, and refuses the next one at once', async () => {
    const queue = testQueue(1, 2)
    for (const name of ['a', 'b', 'c']) queue.add(name)
    await expect(queue.add('d')).rejects.toThrow(PasswordsBusyError)
    await queue.end('a')
    queue.add('e')
    await queue.end('b')
    await queue.end('c')
    expect(queue.started).toEqual(['a', 'b', 'c', 'e'])
  })

  it('lets a job wait for ten seconds and no longer', async () => {
    const queue = testQueue(1)
    queue.add('a')
    const [b, c] = [queue.add('b'), queue.add('c')]
    queue.pass(10_000)
    await queue.end('a')
    expect(queue.started).toEqual(['a', 'b'])
    queue.pass(1)
    await queue.end('b')
    expect(await b).toBe('b done')
    await expect(c).rejects.toThrow(PasswordsBusyError)
    expect(queue.started).toEqual(['a', 'b'])
  })
})

describe('the threads of hashing', () => {
  it.each([
    [1, 4, 1],
    [2, 4, 1],
    [3, 4, 2],
    [16, 4, 3],
    [16, 16, 15],
    [4, 1, 1],
  ])('leave one of %i cores and of %i pooled threads: %i', (cores, poolThreads, threads) => {
    expect(hashingThreads(cores, poolThreads)).toBe(threads)
  })

  it('are not the one that answers calls, for any scheme', async () => {
    const passwords = nodePasswords()
    const bcrypt = '$2b$10$UPGX6f1imh5os0BWYUEJ1OTd.c.Yo/DPSVWB76CnNuzO3UU.ICJ8q'
    const scrypt = '$scrypt$ln=12,r=8,p=1$du5dSwkB4NwbA2BMae09hw$QSvvSWcBZ3861mt+CQQPbIibqsNT2o8ci3oEAnR5M1s'
    /** Turns of the event loop that come round while a hash is being made. */
    const turnsDuring = async (hash: string | undefined) => {
      let over = false
      const verified = passwords.verify('a password', hash).finally(() => {
        over = true
      })
      let turns = 0
      for (; !over; turns++) await settled()
      expect(await verified).toBe(false)
      return turns
    }
    for (const hash of [undefined, bcrypt, scrypt]) {
      let most = 0
      // More than once: on a busy machine this thread may sleep through a hash that another one makes.
      for (let time = 0; time < 8 && most <= 3; time++) most = Math.max(most, await turnsDuring(hash))
      expect(most).toBeGreaterThan(3)
    }
  })
})

/** A pace of one job in 80 ms, with 30 ms at least between two, and a clock that moves by hand. */
function testPace(waitMaxMs = 200) {
  let nowMs = 1_000_000
  let sleepers: { readonly wakesAtMs: number; readonly wake: () => void }[] = []
  const started: string[] = []
  const pace = hashingPace({
    everyMs: 80,
    gapMs: 30,
    waitMaxMs,
    nowMs: () => nowMs,
    sleep: (ms) => new Promise((wake) => sleepers.push({ wakesAtMs: nowMs + ms, wake })),
  })
  return {
    started,
    add(name: string, job = async () => {}) {
      const outcome = pace(async () => {
        started.push(name)
        await job()
      })
      outcome.catch(() => {})
      return outcome
    },
    /** A job that holds the one thread, and with it everything. */
    busyFor: (ms: number) => async () => {
      nowMs += ms
    },
    async pass(ms: number) {
      nowMs += ms
      const due = sleepers.filter(({ wakesAtMs }) => wakesAtMs <= nowMs)
      sleepers = sleepers.filter((sleeper) => !due.includes(sleeper))
      for (const { wake } of due) wake()
      await settled()
    },
  }
}

describe('the pace of hashing in an isolate', () => {
  it('starts the first job at once and the others at intervals', async () => {
    const pace = testPace()
    for (const name of ['a', 'b', 'c']) pace.add(name)
    await settled()
    await pace.pass(79)
    expect(pace.started).toEqual(['a'])
    await pace.pass(1)
    expect(pace.started).toEqual(['a', 'b'])
    await pace.pass(80)
    expect(pace.started).toEqual(['a', 'b', 'c'])
  })

  it('starts a job at once again when the interval is over', async () => {
    const pace = testPace()
    await pace.add('a')
    await pace.pass(80)
    await pace.add('b')
    expect(pace.started).toEqual(['a', 'b'])
  })

  it('leaves a gap after a job that took too long, and then starts one of those that are due', async () => {
    const pace = testPace(1000)
    pace.add('a')
    pace.add('b', pace.busyFor(170))
    for (const name of ['c', 'd']) pace.add(name)
    await settled()
    await pace.pass(80)
    await pace.pass(29)
    expect(pace.started).toEqual(['a', 'b'])
    await pace.pass(1)
    expect(pace.started).toEqual(['a', 'b', 'c'])
    await pace.pass(30)
    expect(pace.started).toEqual(['a', 'b', 'c', 'd'])
  })

  it('refuses a job that would start after more than its wait, which takes no turn', async () => {
    const pace = testPace()
    for (const name of ['a', 'b', 'c']) pace.add(name)
    await expect(pace.add('d')).rejects.toThrow(PasswordsBusyError)
    await pace.pass(40)
    pace.add('e')
    await pace.pass(40)
    await pace.pass(80)
    await pace.pass(80)
    expect(pace.started).toEqual(['a', 'b', 'c', 'e'])
  })

  it('refuses a job whose turn was delayed for longer than its wait', async () => {
    const pace = testPace()
    pace.add('a')
    const [b, c] = [pace.add('b', pace.busyFor(200)), pace.add('c')]
    await pace.pass(80)
    await pace.pass(0)
    expect(await b).toBeUndefined()
    await expect(c).rejects.toThrow(PasswordsBusyError)
    expect(pace.started).toEqual(['a', 'b'])
  })

  it('is kept by no job that never ends', async () => {
    const pace = testPace()
    pace.add('a', () => new Promise(() => {}))
    pace.add('b')
    await pace.pass(80)
    expect(pace.started).toEqual(['a', 'b'])
  })
})
