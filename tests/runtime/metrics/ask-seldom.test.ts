import { describe, expect, it } from 'vitest'
import { askSeldom } from '../../../src/runtime/metrics/ask-seldom.ts'

function asked(answers: readonly (() => Promise<number>)[], deadlineMs = 60_000) {
  let nowMs = 0
  let questions = 0
  const { read } = askSeldom(() => answers[questions++]!(), {
    everyMs: 10_000,
    deadlineMs,
    nowMs: () => nowMs,
  })
  return {
    read,
    questions: () => questions,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

const say = (value: number) => async () => value
const never = () => new Promise<number>(() => {})

describe('a question that costs something', () => {
  it('is asked once in ten seconds, to the millisecond', async () => {
    const seldom = asked([say(1), say(2)])
    expect([await seldom.read(), await seldom.read()]).toEqual([1, 1])
    seldom.pass(9999)
    expect(await seldom.read()).toBe(1)
    seldom.pass(1)
    expect([await seldom.read(), seldom.questions()]).toEqual([2, 2])
  })

  it('is one for all who read at once', async () => {
    const seldom = asked([say(1)])
    expect(await Promise.all([seldom.read(), seldom.read(), seldom.read()])).toEqual([1, 1, 1])
    expect(seldom.questions()).toBe(1)
  })

  it('that fails has no answer, and does not show the one of before', async () => {
    const seldom = asked([say(1), () => Promise.reject(new Error('away')), say(3)])
    await seldom.read()
    seldom.pass(10_000)
    expect([await seldom.read(), await seldom.read(), seldom.questions()]).toEqual([undefined, undefined, 2])
    seldom.pass(10_000)
    expect(await seldom.read()).toBe(3)
  })

  it('that nobody answers holds up no reader, and is not asked again beside itself', async () => {
    const seldom = asked([never, say(2)], 1)
    expect(await seldom.read()).toBeUndefined()
    seldom.pass(60_000)
    expect(await seldom.read()).toBeUndefined()
    expect(seldom.questions()).toBe(1)
  })
})
