import { type Answer, init, readAnswer } from '../../support/call.ts'
import { createAccounts } from './accounts.ts'
import { createLog, type Facts, nowMs, type OperationLog, type Send } from './operations.ts'
import { digest, grant, type Machine, type Person, type Stage, subjectOf } from './stage.ts'

/** How long a client waits for an answer. Longer than any promise, so that one that is broken is seen. */
const CLIENT_PATIENCE_MS = 20_000
/** A client that waits for so many answers makes no new calls: the test itself must not fall over. */
const MAX_UNDER_WAY = 400
const TICK_MS = 10

/** Half of them protected calls, a fifth exchanges, a fifth refreshes, a tenth account writes. */
const MIX = ['protected', 'exchange', 'protected', 'refresh', 'protected'] as const
const ROUND = [...MIX, 'account', ...MIX.toReversed().slice(0, 4)] as const

export interface Load {
  readonly log: OperationLog
  /** Notes that something happens now, and answers when that is. */
  readonly mark: (name: string) => number
  readonly marks: ReadonlyMap<string, number>
  /** Calls that were due and not made, since all who could have made them waited for an answer. */
  readonly skipped: () => number
  /** Starts no more calls, and waits for the answers of those under way. */
  readonly stop: () => Promise<OperationLog>
}

export interface LoadOptions {
  /** Asked in turn. The list may change while the load runs. */
  readonly urls: readonly string[]
  readonly stage: Stage
  readonly perSecond: number
}

/**
 * A steady load that waits for nobody (an open loop): as many calls a second as told, whether or not the earlier ones have
 * been answered. Every caller has an identity of their own, and holds one chain of refresh tokens.
 */
export function startLoad({ urls, stage, perSecond }: LoadOptions): Load {
  const log = createLog()
  const marks = new Map<string, number>()
  let asked = 0
  const send: Send = async (method, path, options = {}) => {
    const url = urls[asked++ % urls.length]
    const signal = AbortSignal.timeout(CLIENT_PATIENCE_MS)
    return readAnswer(await fetch(`${url}${path}`, { method, redirect: 'manual', signal, ...init(options) }))
  }
  const accounts = createAccounts({ stage, send, log })
  const players = [...stage.machines, ...stage.people]
  const busy = new Set<object>()
  const underWay = new Set<Promise<unknown>>()
  const turns = { protected: 0, exchange: 0, refresh: 0, account: 0 }
  let skipped = 0

  const start = (kind: (typeof ROUND)[number]) => {
    const turn = turns[kind]++
    if (underWay.size >= MAX_UNDER_WAY) return undefined
    if (kind === 'protected') return protectedCall(next(stage.machines, turn))
    if (kind === 'exchange') return exchangeCall(next(stage.machines, turn))
    // A second refresh of the same token, or a second write of the same account, would be no second client's.
    const free = kind === 'refresh' ? nextFree(players, { turn, busy }) : nextAccount(turn)
    if (free === undefined) return undefined
    busy.add(free)
    const done = 'proceed' in free ? free.proceed() : renewal(free, turn)
    return done.finally(() => busy.delete(free))
  }
  // One administrator goes through all steps while there is time for few; others come where that one waits.
  const nextAccount = (turn: number) =>
    turn % 3 === 2
      ? nextFree(accounts.people, { turn, busy })
      : nextFree(accounts.administrators, { turn: 0, busy })
  const protectedCall = ({ name, access, subject, keyId }: Machine) =>
    log.run(
      { lane: name, kind: 'protected', facts: { subject, keyId } },
      () => send('GET', '/api/v1/me', { token: access }),
      ({ body }) => ({ seenSubject: body.data.subject }),
    )
  const exchangeCall = async (machine: Machine) => {
    const { name, apiKey, subject, keyId } = machine
    const { operation, answer } = await log.run(
      { lane: name, kind: 'exchange', facts: { subject, keyId } },
      () => send('POST', '/api/v1/auth/token/', { json: { apiKey } }),
      ({ body }) => ({ seenSubject: subjectOf(body.data.access), id: body.data.refresh, deed: 'session' }),
    )
    if (operation.outcome !== 'ok') return
    machine.access = answer?.body.data.access
    machine.lasting = answer?.body.data.refresh
  }
  /** Every other one of a machine is by the token that stays, where an exchange has brought one. */
  const renewal = (player: Machine | Person, turn: number) =>
    turn % 2 === 1 && 'lasting' in player && player.lasting !== undefined
      ? lastingCall(player, player.lasting)
      : refreshCall(player)
  const lastingCall = async ({ name, subject, keyId }: Machine, refresh: string) => {
    await log.run(
      { lane: name, kind: 'refresh', facts: { subject, keyId } },
      () => send('POST', '/api/v1/auth/token/refresh/', { json: { refresh } }),
      ({ body }) => ({ seenSubject: subjectOf(body.data.access) }),
    )
  }
  const refreshCall = async (player: Machine | Person) => {
    const { name, subject, refresh } = player
    const order = { lane: name, kind: 'refresh', facts: { subject, token: digest(refresh) } } as const
    const isMachine = 'apiKey' in player
    const tokens = ({ body }: Answer) => (isMachine ? fromOauth(body) : body.data)
    const ask = () =>
      isMachine
        ? send(
            'POST',
            '/oauth2/token',
            grant(player.apiKey, { grant_type: 'refresh_token', refresh_token: refresh }),
          )
        : send('POST', '/api/v1/auth/refresh', { json: { refresh } })
    const read = (answer: Answer): Facts => {
      const { access, refresh: successor } = tokens(answer)
      return { seenSubject: subjectOf(access), successor: digest(successor) }
    }
    const { operation, answer } = await log.run(order, ask, read)
    // Otherwise they show the same one again, as a client must that has missed the answer.
    if (operation.outcome === 'ok' && answer !== undefined) Object.assign(player, pick(tokens(answer)))
  }

  const startedAtMs = nowMs()
  let due = 0
  const timer = setInterval(() => {
    for (; due < ((nowMs() - startedAtMs) / 1000) * perSecond; due++) {
      const running = start(ROUND[due % ROUND.length]!)
      if (running === undefined) {
        skipped += 1
        continue
      }
      const settled: Promise<unknown> = running.finally(() => underWay.delete(settled))
      underWay.add(settled)
    }
  }, TICK_MS)

  return {
    log,
    marks,
    mark(name) {
      const atMs = nowMs()
      marks.set(name, atMs)
      return atMs
    },
    skipped: () => skipped,
    async stop() {
      clearInterval(timer)
      await Promise.all(underWay)
      return log
    },
  }
}

function next<T>(of: readonly T[], turn: number): T {
  const one = of[turn % of.length]
  if (one === undefined) throw new Error('A load needs somebody who calls.')
  return one
}

function nextFree<T extends object>(
  of: readonly T[],
  { turn, busy }: { readonly turn: number; readonly busy: ReadonlySet<object> },
): T | undefined {
  return of.map((_, index) => next(of, turn + index)).find((one) => !busy.has(one))
}

const fromOauth = ({ access_token: access, refresh_token: refresh }: Record<string, string>) => ({
  access,
  refresh,
})

const pick = ({ access, refresh }: { readonly access: string; readonly refresh: string }) => ({
  access,
  refresh,
})
