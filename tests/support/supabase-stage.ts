import { AuthAdminApi, type GoTrueAdminApi, type User } from '@supabase/auth-js'
import { afterAll, beforeAll } from 'vitest'
import { type Answer, type Call, call } from './call.ts'
import { freePort } from './free-port.ts'
import { openMailbox } from './mailbox.ts'
import { platforms } from './platforms.ts'
import { type OneTimeMail, oneTimeMails } from './supabase-mails.ts'
import { given, openTab, type Tab, type TabOptions } from './supabase-tabs.ts'

/** Where the application is that people are sent back to. */
export const siteUrl = 'https://app.test'

/** A live gateway whose Supabase face real clients talk to, with a mail server. */
export interface SupabaseStage {
  /** The face, as clients are told it. */
  readonly faceUrl: () => string
  /** The key that pages show. */
  readonly publicKey: () => string
  /** The key that servers show. */
  readonly secretKey: () => string
  /** The key of the operator, which clients of this face never see. */
  readonly adminKey: () => string
  readonly tab: (options?: TabOptions) => Tab
  /** What a server does with the secret key. */
  readonly admin: () => GoTrueAdminApi
  /** Somebody with a confirmed address, whom an administrator has made. */
  readonly person: (attributes?: object) => Promise<PersonMade>
  /** The same, signed in in a tab. */
  readonly signedIn: (options?: TabOptions, attributes?: object) => Promise<PersonMade & Tab>
  /** The next mail to somebody whose link is of a type, or that holds a code alone. */
  readonly mailed: (to: string, type?: string) => Promise<OneTimeMail>
  /** A call of no client's. */
  readonly call: (method: string, path: string, options?: Call) => Promise<Answer>
}

export interface PersonMade {
  readonly user: User
  readonly email: string
  readonly password: string
}

let strangers = 0

/** An address that nobody has used. */
export const aStranger = () => `stranger${++strangers}@people.test`

/** A password that is common nowhere. */
export const aPassword = 'quite a lovely horse'

/** What the stage is built upon. */
export interface Ground {
  readonly url: string
  readonly adminKey: string
  readonly mailed: SupabaseStage['mailed']
}

/** Starts a gateway, on its embedded database unless told otherwise, for the tests that are declared around it. */
export function supabaseStage(
  env: Readonly<Record<string, string>> = {},
  start = platforms['Node with the embedded database']!,
): SupabaseStage {
  return stageOn(async () => {
    const mailbox = await openMailbox()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const gateway = await start({
      PORT: String(port),
      PUBLIC_URL: url,
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Accounts <no-reply@accounts.test>',
      SUPABASE_SITE_URL: siteUrl,
      SUPABASE_REDIRECT_URLS: `${siteUrl}/**`,
      SUPABASE_AUTOCONFIRM: 'off',
      SUPABASE_ANONYMOUS: 'on',
      // So that each tab comes from another place.
      TRUSTED_PROXIES: '127.0.0.0/8,::1/128',
      ...env,
    })
    return {
      url: gateway.url,
      adminKey: gateway.adminKey,
      mailed: oneTimeMails(mailbox),
      async stop() {
        await gateway.stop()
        await mailbox.close()
      },
    }
  })
}

/** The stage upon whatever ground, which stands while the tests around it run. */
export function stageOn(
  build: () => Promise<Ground & { readonly stop: () => Promise<void> }>,
): SupabaseStage {
  let building: ReturnType<typeof build> | undefined
  let ground: Awaited<ReturnType<typeof build>>
  let publicKey = ''
  let secretKey = ''

  beforeAll(async () => {
    building = build()
    ground = await building
    publicKey = await keyOf(ground, 'anon')
    secretKey = await keyOf(ground, 'service_role')
  })

  // Also one that came too late for the tests: nothing of it may stay behind.
  afterAll(async () => {
    await (await building)?.stop()
  })

  const faceUrl = () => `${ground.url}/auth/v1`
  const tab = (options?: TabOptions) => openTab(faceUrl(), publicKey, options)
  const admin = () =>
    new AuthAdminApi({
      url: faceUrl(),
      headers: { apikey: secretKey, Authorization: `Bearer ${secretKey}` },
    })
  const person = async (attributes: object = {}) => {
    const email = aStranger()
    const wish = { email, password: aPassword, email_confirm: true, ...attributes }
    const { user } = given(await admin().createUser(wish))
    return { user: user!, email: wish.email, password: wish.password }
  }
  return {
    faceUrl,
    publicKey: () => publicKey,
    secretKey: () => secretKey,
    adminKey: () => ground.adminKey,
    tab,
    admin,
    person,
    async signedIn(options, attributes) {
      const { user, email, password } = await person(attributes)
      const opened = tab(options)
      given(await opened.auth.signInWithPassword({ email, password }))
      return { ...opened, user, email, password }
    },
    mailed: (to, type) => ground.mailed(to, type),
    call: (method, path, options) => call(method, faceUrl() + path, options),
  }
}

/** Makes a key of the role, by the routes that administrators have. */
async function keyOf({ url, adminKey }: Ground, role: 'anon' | 'service_role'): Promise<string> {
  const api = async (path: string, json: object, token?: string) => {
    const answer = await call('POST', `${url}/api/v1${path}`, { json, token })
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer.body.data
  }
  const { access } = await api('/auth/token/', { apiKey: adminKey })
  const permissions = [`supabase:${role}`]
  const client = await api('/clients', { name: `supabase ${role}`, permissions }, access)
  const made = await api(`/clients/${client.id}/keys`, { name: role, permissions }, access)
  return made.api_key
}
