import type { Answer, Call } from '../../support/call.ts'

export type Kind = 'protected' | 'exchange' | 'refresh' | 'account'

/** What a client may conclude: `fail` is certainly not done, `unknown` may have been. */
export type Outcome = 'ok' | 'fail' | 'unknown'

/** What the client of a call knew of it, and what the answer said. */
export interface Facts {
  /** What an account write does, and to what: the id of what it made, ended or changed. */
  readonly deed?: 'client' | 'key' | 'revocation' | 'profile' | 'session' | undefined
  readonly id?: string | undefined
  /** The text that it wrote. */
  readonly value?: string | undefined
  /** By right of which key the call is made, whether itself or by a token of it. */
  readonly keyId?: string | undefined
  /** Whether the client knows that this right has been taken from it: then it should be refused. */
  readonly withdrawn?: boolean | undefined
  /** Who calls, and who the answer says it was. */
  readonly subject?: string | undefined
  readonly seenSubject?: string | undefined
  /** What can be used once, and what it brought. */
  readonly token?: string | undefined
  readonly successor?: string | undefined
}

/** One call, as its client saw it. Times are milliseconds of the test's own monotonic clock. */
export interface Operation {
  /** Whose call it is: a lane makes one write after the other. */
  readonly lane: string
  readonly kind: Kind
  readonly invokedAtMs: number
  /** When its answer was read, or its connection broke; undefined when the client stopped waiting. */
  readonly endedAtMs: number | undefined
  readonly outcome: Outcome
  /** Undefined without an answer. */
  readonly status: number | undefined
  readonly code: string | undefined
  /** The `Retry-After` of the answer. */
  readonly retryAfter?: string | undefined
  readonly facts: Facts
}

export interface OperationLog {
  /** In the order in which they ended. */
  readonly all: readonly Operation[]
  /** Makes a call and notes it. `read` says what a good answer tells beside. */
  readonly run: (order: Order, ask: () => Promise<Answer>, read?: (answer: Answer) => Facts) => Promise<Done>
}

/** One call to whichever gateway is next. */
export type Send = (method: string, path: string, options?: Call) => Promise<Answer>

export type Order = Pick<Operation, 'lane' | 'kind' | 'facts'>

export interface Done {
  readonly operation: Operation
  /** Undefined when none came. */
  readonly answer: Answer | undefined
}

export const nowMs = () => performance.now()

export function createLog(): OperationLog {
  const all: Operation[] = []
  return {
    all,
    async run(order, ask, read = () => ({})) {
      const invokedAtMs = nowMs()
      const { answer, gaveUp } = await answerTo(ask)
      const outcome = outcomeOf(order.kind, answer?.status)
      const operation: Operation = {
        ...order,
        invokedAtMs,
        endedAtMs: gaveUp ? undefined : nowMs(),
        outcome,
        status: answer?.status,
        code: answer === undefined ? undefined : codeOf(answer),
        retryAfter: answer?.headers.get('retry-after') ?? undefined,
        facts: outcome === 'ok' && answer !== undefined ? { ...order.facts, ...read(answer) } : order.facts,
      }
      all.push(operation)
      return { operation, answer }
    },
  }
}

/** A refusal is certainly not done. Of a fault that was answered to a write nobody knows, nor of no answer. */
export function outcomeOf(kind: Kind, status: number | undefined): Outcome {
  if (status === undefined) return 'unknown'
  if (status < 400) return 'ok'
  return status < 500 || kind === 'protected' ? 'fail' : 'unknown'
}

/** How long the calls took of which this is so, in milliseconds; those without an answer count as long as they lasted. */
export function durationsMs(
  operations: readonly Operation[],
  where: (operation: Operation) => boolean,
): readonly number[] {
  return operations
    .filter((operation) => operation.endedAtMs !== undefined && where(operation))
    .map(({ invokedAtMs, endedAtMs = invokedAtMs }) => endedAtMs - invokedAtMs)
}

/** The value that this share of them does not exceed; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** How many there are of each status, as `200: 31, 503: 4`. */
export function statusCounts(operations: readonly Operation[]): string {
  const counts = Map.groupBy(operations, ({ status }) => String(status ?? 'no answer'))
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([status, { length }]) => `${status}: ${length}`)
    .join(', ')
}

async function answerTo(ask: () => Promise<Answer>) {
  try {
    return { answer: await ask(), gaveUp: false }
  } catch (error) {
    return { answer: undefined, gaveUp: error instanceof Error && error.name === 'TimeoutError' }
  }
}

/** `/oauth2` says its errors without an envelope. */
function codeOf({ body }: Answer): string | undefined {
  const error = body?.error
  return typeof error === 'string' ? error : error?.code
}
