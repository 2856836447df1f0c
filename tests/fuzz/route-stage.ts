import { aPerson, type PersonSeen, signedIn } from '../support/people.ts'
import { appCode, withApp } from '../support/second-factor.ts'
import { aKeyFor } from '../support/service-keys.ts'
import { aSupabaseUser, supabaseSession } from '../support/supabase.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import type { Schema } from './schema-values.ts'

/** Who asks: a stranger, a person, a machine of few permissions, the operator, a program of the Supabase face. */
export const askers = ['stranger', 'person', 'machine', 'admin', 'supabase person', 'service'] as const
export type Asker = (typeof askers)[number]

/** One method on one path, as the API's own description has it. */
export interface Operation {
  readonly method: string
  readonly path: string
  readonly isOpen: boolean
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  /** By media type. */
  readonly bodies: Readonly<Record<string, Schema>>
}

export interface RouteStage {
  readonly gateway: () => TestGateway
  readonly operations: readonly Operation[]
  readonly schemas: Readonly<Record<string, Schema>>
  readonly token: (asker: Asker) => string | undefined
  /** Ids of things that are there, by what a path calls them; for any other name all of them. */
  readonly ids: (kind: string) => readonly string[]
  /** What fields of a name really hold. */
  readonly known: (name: string) => readonly unknown[]
  /** Makes anew what a call has ended: a session, a person, or the operator's own key. */
  readonly mend: () => Promise<void>
  readonly close: () => Promise<void>
}

const reading = {
  person: '/api/v1/me',
  machine: '/api/v1/me',
  admin: '/api/v1/clients',
  'supabase person': '/auth/v1/user',
  service: '/auth/v1/admin/users',
} as const satisfies Partial<Record<Asker, string>>

interface Cast {
  readonly gateway: TestGateway
  readonly tokens: Readonly<Record<Asker, string | undefined>>
  readonly person: PersonSeen
  readonly refresh: readonly string[]
  readonly keyText: string
  readonly ids: Readonly<Record<string, readonly string[]>>
  readonly factorSecret: string
}

/** Every face with everybody on it, on a real PostgreSQL. */
export async function routeStage(): Promise<RouteStage> {
  let gateway = await createTestGateway()
  let cast = await castOf(gateway)
  let mends = 0
  const { operations, schemas } = await describedRoutes(gateway)

  async function mend(): Promise<void> {
    // From somewhere else each time: who registers many from one address is slowed.
    mends++
    gateway.comeFrom(`2001:db8:ffff:${mends.toString(16)}::1`)
    const dead: string[] = []
    for (const [asker, path] of Object.entries(reading)) {
      const token = cast.tokens[asker as Asker]
      if ((await gateway.call('GET', path, { ...(token && { token }) })).status !== 200) dead.push(asker)
    }
    if (dead.length === 0) return
    if (dead.includes('admin')) {
      await gateway.close()
      gateway = await createTestGateway()
    }
    cast = await castOf(gateway)
  }

  return {
    gateway: () => gateway,
    operations,
    schemas,
    token: (asker) => cast.tokens[asker],
    ids: (kind) => cast.ids[kind] ?? Object.values(cast.ids).flat(),
    known: (name) => knownValues(cast)[name] ?? [],
    mend,
    close: () => gateway.close(),
  }
}

async function castOf(gateway: TestGateway): Promise<Cast> {
  const admin = await gateway.accessToken()
  const { email, password, id } = await aPerson(gateway)
  const person = { id, email, password }
  const first = await signedIn(gateway, person)
  const app = await withApp(gateway, person, first.access)
  // By a session of before: the app is not asked for again, and the routes of factors have one to speak of.
  const machine = await aKeyFor(gateway, ['orders:read'])
  const service = await aKeyFor(gateway, ['supabase:service_role'])
  const other = await aSupabaseUser(gateway)
  const session = await supabaseSession(gateway, other)
  const token = { token: admin }
  const clients = await gateway.call('GET', '/api/v1/clients', token)
  const roles = await gateway.call('GET', '/api/v1/roles', token)
  const sessions = await gateway.call('GET', '/api/v1/me/sessions', { token: first.access })
  const idsIn = (answer: {
    readonly body: { readonly data?: { readonly items?: readonly { readonly id: string }[] } }
  }) => (answer.body?.data?.items ?? []).map((one) => one.id)
  return {
    gateway,
    person,
    tokens: {
      stranger: undefined,
      person: first.access,
      machine: await gateway.accessToken(machine.text),
      admin: await gateway.accessToken(),
      'supabase person': session.access_token,
      service: service.text,
    },
    refresh: [first.refresh, session.refresh_token],
    keyText: machine.text,
    factorSecret: app.secret,
    ids: {
      users: [id, other.id],
      clients: [machine.clientId, ...idsIn(clients)],
      keys: [machine.id, service.id],
      factors: [app.id],
      roles: idsIn(roles),
      sessions: idsIn(sessions),
    },
  }
}

function knownValues(cast: Cast): Readonly<Record<string, readonly unknown[]>> {
  const { person, keyText, refresh, ids, gateway } = cast
  const every = Object.values(ids).flat()
  const codes = [appCode(gateway, cast.factorSecret), '000000']
  const passwords = [person.password, 'another long enough password']
  return {
    email: [person.email, 'new@people.test'],
    identifier: [person.email],
    username: [person.email, 'ada'],
    password: passwords,
    new_password: passwords,
    current_password: [person.password],
    apiKey: [keyText],
    api_key: [keyText],
    key: [keyText],
    client_secret: [keyText],
    refresh,
    refresh_token: refresh,
    token: [keyText, ...refresh],
    code: codes,
    grant_type: [
      'client_credentials',
      'refresh_token',
      'password',
      'pkce',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    client_id: every,
    owner_id: [person.id],
    role: ['user', 'admin'],
    factor_id: ids['factors'] ?? [],
    rate_limit: [{ limit: 100, window_seconds: 60 }],
    allowed_cidrs: [[], ['192.0.2.0/24']],
    path: ['/api/v1/me', '/nope'],
    permissions: [['orders:read'], ['*'], []],
    type: ['signup', 'magiclink', 'recovery', 'invite', 'email', 'sms', 'email_change'],
  }
}

/** Of the API's description, what is read here. */
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

interface DescribedOperation {
  readonly security: readonly object[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
}

async function describedRoutes(gateway: TestGateway): Promise<Pick<RouteStage, 'operations' | 'schemas'>> {
  const answer = await gateway.call('GET', '/openapi.json')
  const { paths, components }: Described = answer.body
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters = [], requestBody }]): Operation => {
      const content = Object.entries(requestBody?.content ?? {})
      return {
        method: method.toUpperCase(),
        path,
        isOpen: security.length === 0,
        parameters: parameters.map((one) => ({ ...one, schema: one.schema ?? {} })),
        bodies: Object.fromEntries(content.map(([type, { schema = {} }]) => [type, schema])),
      }
    }),
  )
  return { operations, schemas: components?.schemas ?? {} }
}
