import { expect } from 'vitest'
import type { Mailbox, ReceivedMail } from './mailbox.ts'

/** What a mail of the Supabase face asks its reader to do with it. */
export interface OneTimeMail {
  /** The link, at the gateway; undefined in a mail that holds a code alone. */
  readonly link: URL | undefined
  /** What stands for the link in `verifyOtp({ token_hash })`. */
  readonly tokenHash: string
  readonly code: string
  readonly mail: ReceivedMail
}

/** Finds what people are mailed, each mail once, waiting until it has come. */
export function oneTimeMails(mailbox: Mailbox, deliver: () => Promise<void> = async () => {}) {
  const taken = new Set<ReceivedMail>()
  return async (to: string, type?: string): Promise<OneTimeMail> => {
    let found: OneTimeMail | undefined
    await deliver()
    await expect
      .poll(() => {
        const waiting = mailbox.mails.filter((mail) => !taken.has(mail) && mail.recipients.includes(to))
        found = waiting
          .map(read)
          .find((one) => one !== undefined && one.link?.searchParams.get('type') === type)
        return found?.mail.subject
      })
      .toBeDefined()
    taken.add(found!.mail)
    return found!
  }
}

/** Undefined for a mail that only tells of something. */
function read(mail: ReceivedMail): OneTimeMail | undefined {
  const text = mail.text ?? ''
  const [address] = text.match(/https?:\/\/\S+\/verify\?\S+/) ?? []
  const link = address === undefined ? undefined : new URL(address)
  // Digits of an address are no code.
  const [code = ''] = text.replaceAll(/https?:\/\/\S+/g, '').match(/(?<!\d)\d{6}(?!\d)/) ?? []
  if (link === undefined && code === '') return undefined
  return { link, tokenHash: link?.searchParams.get('token') ?? '', code, mail }
}

/** Where a link leads, and what it brings there, as a browser that follows it would find. */
export async function followed(link: URL): Promise<{
  readonly status: number
  readonly to: URL
  /** In the query. */
  readonly query: URLSearchParams
  /** In the fragment. */
  readonly fragment: URLSearchParams
}> {
  const response = await fetch(link, { redirect: 'manual' })
  await response.body?.cancel()
  const to = new URL(response.headers.get('location') ?? 'about:blank')
  return {
    status: response.status,
    to,
    query: to.searchParams,
    fragment: new URLSearchParams(to.hash.slice(1)),
  }
}
