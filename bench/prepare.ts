import type { Contender, HttpRequest } from './contender.ts'
import { inParallel } from './in-parallel.ts'
import type { MeasureParts } from './measure.ts'
import { send } from './send.ts'

/** Answers that are read before and after each job, to be sure that the job is done. */
const SAMPLES = 5
const SAID_MAX = 80
const WARM_LANES = 32
const WARM_RATE = 4000

/** Sees that it does its job, sends each call once so that what can be warm is, and lets the compiler settle. */
export async function prepare(contender: Contender, { load, plan }: MeasureParts): Promise<void> {
  await sample(contender)
  if (contender.supply.kind === 'again') {
    await inParallel(contender.supply.requests, WARM_LANES, (request) => send(contender.origin, request))
  }
  const seconds = plan.warmUpSeconds
  if (seconds === 0) return
  await load.run({ contender, requests: await callsFor(contender, WARM_RATE * seconds), seconds })
}

/** @throws Error when an answer is not what the job asks for, or a forged token is taken */
export async function sample({ origin, supply, expectedStatus, judge, forged }: Contender): Promise<void> {
  const calls = (await callsFor({ supply }, SAMPLES)).slice(0, SAMPLES)
  for (const call of calls) {
    const answer = await send(origin, call)
    const { status, text } = answer
    if (status !== expectedStatus) {
      throw new Error(`${call.path} answered ${status}, not ${expectedStatus}: ${text.slice(0, SAID_MAX)}`)
    }
    const wrong = await judge(answer)
    if (wrong !== undefined) throw new Error(`${call.path} answered wrongly: ${wrong}`)
  }
  if (forged === undefined) return
  const { status } = await send(origin, forged)
  if (status !== 401) throw new Error(`a forged token was answered ${status}, not 401`)
}

/** The calls of a contender; of those that count once only, so many fresh ones. */
export async function callsFor(
  { supply }: Pick<Contender, 'supply'>,
  count: number,
): Promise<readonly HttpRequest[]> {
  return supply.kind === 'again' ? supply.requests : supply.mint(Math.ceil(count))
}
