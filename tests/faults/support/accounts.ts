import { nowMs, type OperationLog, type Send } from './operations.ts'
import { type Person, type Stage, subjectOf } from './stage.ts'

/** Somebody who writes to accounts, one thing after the other. */
export interface Account {
  readonly proceed: () => Promise<void>
}

interface Parts {
  readonly stage: Stage
  readonly send: Send
  readonly log: OperationLog
}

const ADMINISTRATORS = 6

/** When a token of a revoked key is tried once more: by then every instance should know. */
const TRIED_LATER_MS = 3000

/** Administrators who make clients and keys and revoke them again, and people who change their profiles. */
export function createAccounts(parts: Parts) {
  const administrators = Array.from({ length: ADMINISTRATORS }, (_, index) =>
    administrator(parts, `administrator-${index}`),
  )
  return { administrators, people: parts.stage.people.map((person) => profileWriter(parts, person)) }
}

/**
 * Makes a client, gives it a key, uses the key, revokes it and tries it again, at once and later. A step of which nobody knows whether it was
 * done is done again, as a careful client does: with the same `Idempotency-Key` where a second time would count.
 */
function administrator({ stage, send, log }: Parts, lane: string): Account {
  type Step = () => Promise<Step>
  const token = () => stage.adminAccess

  const dead: { readonly key: FreshKey; readonly access: string; readonly sinceMs: number }[] = []
  const makeClient: Step = async () => {
    const [oldest] = dead
    if (oldest !== undefined && nowMs() - oldest.sinceMs > TRIED_LATER_MS) {
      dead.shift()
      await tryToken(oldest.key, oldest.access)
    }
    const name = `${lane} ${crypto.randomUUID()}`
    const { operation, answer } = await log.run(
      { lane, kind: 'account', facts: { deed: 'client', value: name } },
      () => send('POST', '/api/v1/clients', { token: token(), json: { name } }),
      ({ body }) => ({ id: body.data.id }),
    )
    if (operation.outcome !== 'ok') return makeClient
    return issueKey(answer?.body.data.id, crypto.randomUUID())
  }
  const issueKey = (clientId: string, idempotencyKey: string): Step => {
    const step: Step = async () => {
      const { operation, answer } = await log.run(
        { lane, kind: 'account', facts: { deed: 'key', value: clientId } },
        () =>
          send('POST', `/api/v1/clients/${clientId}/keys`, {
            token: token(),
            json: { name: 'of a load' },
            headers: { 'Idempotency-Key': idempotencyKey },
          }),
        ({ body }) => ({ id: body.data.id }),
      )
      if (operation.outcome !== 'ok') return step
      const { id, api_key: apiKey } = answer?.body.data ?? {}
      return useKey({ clientId, keyId: id, apiKey })
    }
    return step
  }
  const useKey = (key: FreshKey): Step => {
    const step: Step = async () => {
      const { operation, answer } = await exchangeFreshKey(key, false)
      return operation.outcome === 'ok' ? revokeKey(key, answer?.body.data.access) : step
    }
    return step
  }
  const revokeKey = (key: FreshKey, access: string): Step => {
    const step: Step = async () => {
      const { operation } = await log.run(
        { lane, kind: 'account', facts: { deed: 'revocation', id: key.keyId } },
        () => send('DELETE', `/api/v1/keys/${key.keyId}`, { token: token() }),
      )
      return operation.outcome === 'ok' ? tryAgain(key, access) : step
    }
    return step
  }
  const tryAgain =
    (key: FreshKey, access: string): Step =>
    async () => {
      await exchangeFreshKey(key, true)
      await tryToken(key, access)
      dead.push({ key, access, sinceMs: nowMs() })
      return makeClient
    }
  const tryToken = (key: FreshKey, access: string) =>
    log.run(
      { lane, kind: 'protected', facts: { keyId: key.keyId, subject: key.clientId, withdrawn: true } },
      () => send('GET', '/api/v1/me', { token: access }),
      ({ body }) => ({ seenSubject: body.data.subject }),
    )
  const exchangeFreshKey = ({ clientId, keyId, apiKey }: FreshKey, withdrawn: boolean) =>
    log.run(
      { lane, kind: 'exchange', facts: { keyId, subject: clientId, withdrawn } },
      () => send('POST', '/api/v1/auth/token/', { json: { apiKey } }),
      ({ body }) => ({ seenSubject: subjectOf(body.data.access) }),
    )

  let step: Step = makeClient
  return {
    async proceed() {
      step = await step()
    },
  }
}

interface FreshKey {
  readonly clientId: string
  readonly keyId: string
  readonly apiKey: string
}

/** Writes another surname each time, and the same one again while nobody knows whether it was written. */
function profileWriter({ send, log }: Parts, person: Person): Account {
  let surname = crypto.randomUUID()
  return {
    async proceed() {
      const { operation } = await log.run(
        {
          lane: person.name,
          kind: 'account',
          facts: { deed: 'profile', id: person.subject, value: surname, subject: person.subject },
        },
        () => send('PATCH', '/api/v1/me', { token: person.access, json: { surname } }),
        ({ body }) => ({ seenSubject: body.data.id }),
      )
      if (operation.outcome === 'ok') surname = crypto.randomUUID()
    },
  }
}
