import { afterAll, beforeAll, expect } from 'vitest'
import { type Answer, type Call, call } from './call.ts'
import { linkIn, type Mailbox, openMailbox, type ReceivedMail } from './mailbox.ts'
import type { LiveGateway, platforms } from './platforms.ts'
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts'

/** Where mails say that they lead. */
export const publicUrl = 'https://accounts.test'

/** A live gateway with a mail server, an API behind it, and somebody who walks through both. */
export interface AccountStage {
  readonly ada: Walker
  readonly root: Walker
  readonly url: () => string
  readonly adminKey: () => string
  readonly at: (method: string, path: string, options?: Call) => Promise<Answer>
  /** A call that must succeed: its data. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever an answer holds
  readonly get: (method: string, path: string, options?: Call) => Promise<any>
  /** The next mail to somebody that speaks of a matter; waits until it has come. */
  readonly mail: (to: string, matter: RegExp) => Promise<ReceivedMail>
  /** The token of the link in that mail, which leads to a page that is there. */
  readonly link: (to: string, matter: RegExp, page: string) => Promise<string>
  /** Waits until a token is refused. */
  readonly ends: (token: string) => Promise<void>
  readonly orders: () => RecordingUpstream
}

/** Somebody with an account, as they know themselves at this point of their way. */
export interface Walker {
  email: string
  readonly username: string
  password: string
  access: string
  refresh: string
}

const stranger = (name: string, password: string): Walker => ({
  email: `${name}@people.test`,
  username: name,
  password,
  access: '',
  refresh: '',
})

/** Starts a gateway of a platform for the tests that are declared around it. */
export function accountStage(start: (typeof platforms)[string]): AccountStage {
  let gateway: LiveGateway
  let mailbox: Mailbox
  let orders: RecordingUpstream

  beforeAll(async () => {
    mailbox = await openMailbox()
    orders = await startRecordingUpstream()
    const route = { path: '/orders', permissions: ['orders:read'], upstream: orders.url }
    gateway = await start({
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Accounts <no-reply@accounts.test>',
      PUBLIC_URL: publicUrl,
      // So that one test can come from several places.
      TRUSTED_PROXIES: '127.0.0.0/8,::1/128',
      ROUTES: JSON.stringify({ routes: [route] }),
    })
  })

  afterAll(async () => {
    await gateway?.stop()
    await orders?.close()
    await mailbox?.close()
  })

  const at = (method: string, path: string, options?: Call) => call(method, gateway.url + path, options)
  return {
    ada: stranger('ada', 'the analytical engine'),
    root: stranger('root', 'keeper of all the keys'),
    url: () => gateway.url,
    adminKey: () => gateway.adminKey,
    orders: () => orders,
    at,
    async get(method, path, options) {
      const answer = await at(method, path, options)
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
      return answer.body?.data
    },
    mail: (to, matter) => mailbox.next(to, matter),
    async link(to, matter, page) {
      const link = linkIn(await mailbox.next(to, matter))
      expect([link.origin, link.pathname]).toEqual([publicUrl, page])
      // As a mail scanner would: it gets a page, and uses up nothing.
      expect((await at('GET', link.pathname)).status).toBe(200)
      return new URLSearchParams(link.hash.slice(1)).get('token')!
    },
    async ends(token) {
      await expect.poll(async () => (await at('GET', '/api/v1/me', { token })).status).toBe(401)
    },
  }
}

/** Signs somebody in who has no second factor, and remembers their tokens. */
export async function signIn(
  { get }: AccountStage,
  who: Walker,
  { identifier = who.email, from }: { readonly identifier?: string; readonly from?: string } = {},
): Promise<string> {
  const headers = from === undefined ? {} : { 'X-Forwarded-For': from }
  const json = { identifier, password: who.password }
  const { access, refresh } = await get('POST', '/api/v1/auth/login', { json, headers })
  expect([typeof access, typeof refresh]).toEqual(['string', 'string'])
  Object.assign(who, { access, refresh })
  return access
}

/** Signs in again after everything had ended: tokens of that very second are dead, whoever has asked for them. */
export async function comeBack(stage: AccountStage, who: Walker): Promise<void> {
  const me = async () => stage.at('GET', '/api/v1/me', { token: await signIn(stage, who) })
  await expect.poll(async () => (await me()).status).toBe(200)
}

/** What a refused sign-in answers. */
export async function refusedSignIn({ at }: AccountStage, who: Walker): Promise<readonly [number, string]> {
  const json = { identifier: who.email, password: who.password }
  const { status, body } = await at('POST', '/api/v1/auth/login', { json })
  return [status, body.error?.code]
}
