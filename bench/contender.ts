/** One call, as it is sent. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly text: string
}

/** What is sent: a list that is gone through again and again, or calls that count only the first time they are made. */
export type Supply =
  | { readonly kind: 'again'; readonly requests: readonly HttpRequest[] }
  | { readonly kind: 'once'; readonly mint: (count: number) => Promise<readonly HttpRequest[]> }

/** A server that does a job, and how to tell that it does. */
export interface Contender {
  readonly name: string
  readonly origin: string
  readonly supply: Supply
  readonly expectedStatus: number
  /** Says what is wrong with an answer that has the expected status. */
  readonly judge: (answer: Answer) => Promise<string | undefined>
  /** The processes whose CPU time and memory the job costs. */
  readonly pids: readonly number[]
  /** Whether PostgreSQL's CPU time belongs to it. */
  readonly usesPostgres: boolean
  /** A call that it must answer with 401: whoever takes it does not verify. */
  readonly forged?: HttpRequest | undefined
}

/** A row of the table that holds no figure. */
export interface NotRun {
  readonly name: string
  readonly why: string
}

export interface Job {
  readonly name: string
  readonly title: string
  /** What is sent and what is answered, for the page. */
  readonly description: string
  readonly contenders: readonly (Contender | NotRun)[]
}

/** Makes a contender; what keeps it from starting becomes the reason in its row. */
export async function enter(
  name: string,
  make: () => Promise<Omit<Contender, 'name'>>,
): Promise<Contender | NotRun> {
  try {
    return { name, ...(await make()) }
  } catch (error) {
    return { name, why: reasonOf(error) }
  }
}

/** The first line of what an error says. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0] ?? text
}

/** Says whether a contender is Guichet itself. */
export const isOwn = ({ name }: { readonly name: string }) => name.startsWith('Guichet')
