import { newUser } from '../../src/core/accounts/new-user.ts'
import type { User } from '../../src/core/accounts/user.ts'
import { auditEvent } from '../../src/core/audit/event.ts'
import type { Answer, Call } from './call.ts'
import { anAddress, aPassword, type PersonSeen } from './people.ts'
import type { TestGateway } from './test-gateway.ts'

export const authBase = '/auth/v1'

/** One call as a client of today makes it: with the version of errors that it reads. */
export function supabaseCall(
  gateway: TestGateway,
  method: string,
  path: string,
  { headers, ...options }: Call = {},
): Promise<Answer> {
  const version = { 'X-Supabase-Api-Version': '2024-01-01' }
  return gateway.call(method, authBase + path, { ...options, headers: { ...version, ...headers } })
}

/** A user as the store has one, whatever the face: confirmed, with a password. */
export async function aSupabaseUser(
  gateway: TestGateway,
  changes: Partial<User> = {},
): Promise<PersonSeen & { readonly user: User }> {
  const { store, newId, now, passwords } = gateway.world
  const role = await store.findRoleByName('user')
  const email = changes.email ?? anAddress()
  const profile = {
    username: undefined,
    name: undefined,
    surname: undefined,
    phone: undefined,
    locale: undefined,
    avatarUrl: undefined,
    metadata: {},
  }
  const passwordHash = await passwords.hash(aPassword)
  const fresh = newUser(
    { ...profile, email },
    { id: newId(), roleId: role?.id ?? '', passwordHash, now: now() },
  )
  const user = { ...fresh, emailConfirmedAt: now(), ...changes }
  const event = auditEvent(gateway.world, { kind: 'user.import' }, undefined)
  const added = await store.addUsers([user], event)
  if (!added) throw new Error('The user was not added.')
  return { id: user.id, email, password: aPassword, user }
}

export interface SessionSeen {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_at: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a user holds
  readonly user: any
}

/** Signs in at this face by address and password. */
export async function supabaseSession(
  gateway: TestGateway,
  { email, password }: Pick<PersonSeen, 'email' | 'password'>,
): Promise<SessionSeen> {
  const answer = await supabaseCall(gateway, 'POST', '/token?grant_type=password', {
    json: { email, password },
  })
  if (answer.status !== 200) throw new Error(`${answer.status} instead of a session: ${answer.text}`)
  return answer.body
}

/** The claims of a token, believed as they stand. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a token holds
export function claimsIn(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** Its protected header. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever a token holds
export function headerIn(token: string): any {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
}
