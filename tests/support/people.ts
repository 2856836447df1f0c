import type { MailMessage, MessageKind } from '../../src/core/accounts/mail.ts'
import type { Answer } from './call.ts'
import type { TestGateway } from './test-gateway.ts'

export const aPassword = 'a long enough password'

export interface MailSeen {
  readonly kind: MessageKind
  readonly to: string
  readonly locale: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a mail holds
  readonly facts: any
}

/** The mails in the outbox that are for somebody, the oldest first. */
export async function mailsOf(gateway: TestGateway): Promise<readonly MailSeen[]> {
  const rows = await gateway.database.query(
    'select kind, locale, sealed_message from mail_outbox where sent_at is null and failed_at is null order by created_at, ctid',
  )
  return rows.map(({ kind, locale, sealed_message: sealed }) => {
    const message: MailMessage = JSON.parse(gateway.world.vault.unseal('mail', String(sealed)) ?? 'null')
    return { kind: kind as MessageKind, locale: String(locale), ...message }
  })
}

/** The token of the last mail of a kind to an address. */
export async function mailedToken(gateway: TestGateway, kind: MessageKind, to: string): Promise<string> {
  const mail = (await mailsOf(gateway)).findLast((one) => one.kind === kind && one.to === to)
  if (mail === undefined) throw new Error(`No mail ${kind} to ${to}.`)
  return mail.facts.token
}

let people = 0
export const anAddress = () => `person${++people}@example.com`

export interface PersonSeen {
  readonly id: string
  readonly email: string
  readonly password: string
}

/** Registers a person, by the public routes, and confirms their address. */
export async function aPerson(
  gateway: TestGateway,
  fields: Readonly<Record<string, unknown>> & { readonly email?: string; readonly password?: string } = {},
): Promise<PersonSeen> {
  const { email = anAddress(), password = aPassword } = fields
  const json = { ...fields, email, password }
  expectStatus(await gateway.call('POST', '/api/v1/auth/register', { json }), 202)
  const token = await mailedToken(gateway, 'email-confirm', email)
  expectStatus(await gateway.call('POST', '/api/v1/auth/email/confirm', { json: { token } }), 200)
  const found = await gateway.world.store.findUserByEmail(email)
  return { id: found?.user.id ?? '', email, password }
}

export interface TokensSeen {
  readonly access: string
  readonly refresh: string
  readonly access_expire: string
  readonly refresh_expire: string
}

/** Signs a person in by the public route. */
export async function signedIn(
  gateway: TestGateway,
  { email, password }: Pick<PersonSeen, 'email' | 'password'>,
): Promise<TokensSeen> {
  const answer = await gateway.call('POST', '/api/v1/auth/login', { json: { identifier: email, password } })
  expectStatus(answer, 200)
  return answer.body.data
}

/** Gives a person another role, as an administrator would, and tells this process. */
export async function withRole(
  gateway: TestGateway,
  { id }: Pick<PersonSeen, 'id'>,
  permissions: readonly string[],
): Promise<string> {
  const role = crypto.randomUUID()
  await gateway.database.query(
    `insert into role (id_role, name, permissions, created_at) values ('${role}', 'role ${role}',
      '${JSON.stringify(permissions)}', now())`,
  )
  await gateway.database.query(`update users set role_id = '${role}' where id_user = '${id}'`)
  gateway.memory.people.forget(id)
  return role
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`)
}
