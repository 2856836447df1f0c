import type { MessageKind } from '../../src/core/accounts/mail.ts'
import type { Policy } from '../../src/core/policy.ts'
import { mailsOf } from './people.ts'
import { createTestGateway, type TestGateway, testPolicy } from './test-gateway.ts'

/** A gateway whose Supabase face is set so; it confirms nothing by itself. */
export function supabaseGateway(changes: Partial<Policy['supabase']> = {}): Promise<TestGateway> {
  return createTestGateway({
    policy: { supabase: { ...testPolicy.supabase, autoconfirm: false, ...changes } },
  })
}

export interface SentLink {
  /** The path and query of the link, as a browser follows it. */
  readonly path: string
  readonly address: URL
  /** What stands for the link in `token_hash`. */
  readonly hash: string
  readonly code: string
  readonly locale: string
}

/** The last message of a kind to an address or a number. */
export async function lastMessage(gateway: TestGateway, kind: MessageKind, to: string): Promise<SentLink> {
  const sent = (await mailsOf(gateway)).findLast((one) => one.kind === kind && one.to === to)
  if (sent === undefined) throw new Error(`No message ${kind} to ${to}.`)
  const address = new URL(sent.facts.link ?? 'https://gateway.test/')
  return {
    path: `${address.pathname}${address.search}`,
    address,
    hash: address.searchParams.get('token') ?? '',
    code: sent.facts.code,
    locale: sent.locale,
  }
}

/** How many messages are on their way to an address or a number. */
export async function messagesTo(gateway: TestGateway, to: string): Promise<number> {
  return (await mailsOf(gateway)).filter((one) => one.to === to).length
}

/** Where a redirect leads: the address without its fragment, its query and its fragment. */
export function redirectOf({ headers }: { readonly headers: Headers }) {
  const to = new URL(headers.get('location') ?? 'about:blank')
  const { hash, searchParams: query } = to
  return {
    address: `${to.origin}${to.pathname}`,
    query: Object.fromEntries(query),
    fragment: Object.fromEntries(new URLSearchParams(hash.slice(1))),
  }
}
