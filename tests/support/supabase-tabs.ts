import { AuthClient, type GoTrueClient, type Session } from '@supabase/auth-js'

export interface Tab {
  readonly auth: GoTrueClient
  /** What it has asked for so far, as `POST /token?grant_type=password`. */
  readonly calls: readonly string[]
  /** What the browser keeps for the page. */
  readonly storage: Map<string, string>
  /** What listeners were told so far. */
  readonly events: readonly string[]
  /** The session that it keeps; fails where there is none. */
  readonly session: () => Promise<Session>
}

export interface TabOptions {
  readonly flowType?: 'implicit' | 'pkce'
  /** What the browser already keeps, as of another tab. */
  readonly storage?: Map<string, string>
  readonly headers?: Readonly<Record<string, string>>
  /** Whether pages that a PKCE flow leads to are told which flow it was. */
  readonly flowIds?: boolean
  /** In the place of the network. */
  readonly fetch?: typeof fetch
}

let tabs = 0

/** The key under which every tab keeps its session. */
export const storageKey = 'sb-test-auth-token'

/**
 * A tab of an application: `AuthClient` as the package has it, told no more than an address, its headers and where to
 * keep things. It comes from an address of its own, so that no limit on one place meets all tests.
 */
export function openTab(faceUrl: string, publicKey: string, options: TabOptions = {}): Tab {
  const { storage = new Map<string, string>(), flowType = 'implicit', headers } = options
  const ask = options.fetch ?? fetch
  const calls: string[] = []
  const events: string[] = []
  tabs++
  const auth = new AuthClient({
    url: faceUrl,
    headers: {
      apikey: publicKey,
      Authorization: `Bearer ${publicKey}`,
      'X-Forwarded-For': `10.${(tabs >> 16) & 255}.${(tabs >> 8) & 255}.${tabs & 255}`,
      ...headers,
    },
    flowType,
    experimental: { appendPkceFlowIdToRedirects: options.flowIds === true },
    storageKey,
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
    autoRefreshToken: false,
    persistSession: true,
    async fetch(url, init) {
      const { pathname, search } = new URL(String(url))
      calls.push(`${init?.method ?? 'GET'} ${pathname.replace(/^.*\/auth\/v1/, '')}${search}`)
      return ask(url, init)
    },
  })
  auth.onAuthStateChange((event) => void events.push(event))
  return {
    auth,
    calls,
    storage,
    events,
    async session() {
      const { data, error } = await auth.getSession()
      if (data.session === null) throw error ?? new Error('There is no session.')
      return data.session
    },
  }
}

/** What a call must have given; fails with the refusal instead. */
export function given<A extends { readonly data: unknown; readonly error: Error | null }>(
  answer: A,
): Extract<A, { readonly error: null }>['data'] {
  if (answer.error !== null) throw answer.error
  return answer.data
}

/** How a call was refused, as `[class, status, code]`; undefined where it was not. */
export function refusal(answer: {
  readonly error: {
    readonly name: string
    readonly status?: number | undefined
    readonly code?: string | undefined
  } | null
}): readonly [string, number | undefined, string | undefined] | undefined {
  const { error } = answer
  return error === null ? undefined : [error.name, error.status, error.code]
}
