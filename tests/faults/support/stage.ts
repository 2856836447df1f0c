import { createHash } from 'node:crypto'
import { type Answer, basic, call } from '../../support/call.ts'

/** Somebody who calls, with what they were last given. They forget nothing between two loads. */
export interface Player {
  readonly name: string
  /** The `sub` of their tokens. */
  readonly subject: string
  /** Of the session whose refresh tokens these are. */
  readonly sessionId: string
  access: string
  /** The one that was last given: each use replaces it. */
  refresh: string
}

export interface Machine extends Player {
  readonly keyId: string
  readonly apiKey: string
  /** The refresh token of their last exchange, which stays. */
  lasting: string | undefined
}

export interface Person extends Player {
  readonly email: string
  readonly password: string
}

/** All who take part in a load. */
export interface Stage {
  readonly adminKey: string
  adminAccess: string
  readonly machines: readonly Machine[]
  readonly people: readonly Person[]
}

const PASSWORD = 'a long enough password'

/** Prepares clients with a key each, and people, at a gateway through its own API, and signs them all in. */
export async function prepareStage(
  url: string,
  { adminKey, machines, people }: { adminKey: string; machines: number; people: number },
): Promise<Stage> {
  const adminAccess = (await exchange(url, adminKey)).body.data.access as string
  const stage = { adminKey, adminAccess, machines: [] as Machine[], people: [] as Person[] }
  for (let index = 0; index < machines; index++) {
    stage.machines.push(await makeMachine(url, adminAccess, `machine-${index}`))
  }
  for (let index = 0; index < people; index++) {
    stage.people.push(await makePerson(url, adminAccess, `person-${index}`))
  }
  return stage
}

export const exchange = (url: string, apiKey: string) =>
  call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })

/** What a client sends to open and to renew a session whose refresh tokens rotate. */
export const grant = (apiKey: string, form: Readonly<Record<string, string>>) => ({
  form,
  headers: { Authorization: basic(apiKey.slice(3, 15), apiKey) },
})

/** Whom an access token speaks for, by its own words. */
export const subjectOf = (access: string): string => claimsOf(access).sub

function claimsOf(access: string): { readonly sub: string; readonly sid: string } {
  const [, claims = ''] = access.split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString())
}

/** What stands for a token in a log. */
export function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url').slice(0, 16)
}

async function makeMachine(url: string, token: string, name: string): Promise<Machine> {
  const called = `${name} ${crypto.randomUUID()}`
  const client = await must(201, call('POST', `${url}/api/v1/clients`, { token, json: { name: called } }))
  const subject: string = client.body.data.id
  const keys = `${url}/api/v1/clients/${subject}/keys`
  const key = await must(201, call('POST', keys, { token, json: { name } }))
  const apiKey: string = key.body.data.api_key
  const order = grant(apiKey, { grant_type: 'client_credentials', scope: 'offline_access' })
  const { body } = await must(200, call('POST', `${url}/oauth2/token`, order))
  return {
    name,
    subject,
    keyId: key.body.data.id,
    apiKey,
    lasting: undefined,
    sessionId: claimsOf(body.access_token).sid,
    access: body.access_token,
    refresh: body.refresh_token,
  }
}

async function makePerson(url: string, token: string, name: string): Promise<Person> {
  const email = `${name}-${crypto.randomUUID()}@example.com`
  const json = { email, password: PASSWORD, email_confirmed: true }
  const made = await must(201, call('POST', `${url}/api/v1/users`, { token, json }))
  const identity = { identifier: email, password: PASSWORD }
  const { body } = await must(200, call('POST', `${url}/api/v1/auth/login`, { json: identity }))
  const { access, refresh } = body.data
  const { sid: sessionId } = claimsOf(access)
  return { name, subject: made.body.data.id, email, password: PASSWORD, sessionId, access, refresh }
}

async function must(status: number, asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text}`)
  return answer
}
