import { type Answer, call } from '../../support/call.ts'
import type { Violations } from './checkers.ts'
import type { Operation, OperationLog } from './operations.ts'
import { exchange, type Stage } from './stage.ts'

/** The most sessions that are asked for; evenly chosen from all. */
const SESSIONS = 150

/**
 * Asks a gateway for everything that was acknowledged, and answers what is not there: clients, keys, revocations, sessions,
 * profiles. Also what is there twice: a write that was given up and took effect beside its repetition.
 */
export async function lostWrites(
  { all }: Pick<OperationLog, 'all'>,
  { url, stage }: { readonly url: string; readonly stage: Stage },
): Promise<Violations> {
  const token: string = (await exchange(url, stage.adminKey)).body.data.access
  const acknowledged = all.filter(({ outcome }) => outcome === 'ok')
  const of = (deed: string) => acknowledged.filter(({ facts }) => facts.deed === deed)
  const ids = new Set(await listClientIds(url, token))
  const found: Violations[] = [
    of('client').flatMap(({ facts }) => (ids.has(facts.id ?? '') ? [] : [`the client ${facts.id} is lost`])),
    await wrongKeys({ url, token, keys: of('key'), revocations: of('revocation') }),
    await lostSessions(url, of('session')),
    await lostProfiles(url, all, stage),
  ]
  return found.flat()
}

async function listClientIds(url: string, token: string): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor = ''
  do {
    const { body } = await call('GET', `${url}/api/v1/clients?limit=200${cursor}`, { token })
    ids.push(...body.data.items.map(({ id }: { readonly id: string }) => id))
    cursor = body.data.next_cursor === null ? '' : `&cursor=${encodeURIComponent(body.data.next_cursor)}`
  } while (cursor !== '')
  return ids
}

interface Keys {
  readonly url: string
  readonly token: string
  readonly keys: readonly Operation[]
  readonly revocations: readonly Operation[]
}

/** Each key is the only one of its client, which made one; and it is revoked where that was acknowledged. */
async function wrongKeys({ url, token, keys, revocations }: Keys): Promise<Violations> {
  const revoked = new Set(revocations.map(({ facts }) => facts.id))
  return each(keys, async ({ facts }) => {
    const { body } = await call('GET', `${url}/api/v1/clients/${facts.value}/keys`, { token })
    const items: readonly { readonly id: string; readonly state: string }[] = body.data?.items ?? []
    const key = items.find(({ id }) => id === facts.id)
    if (key === undefined) return [`the key ${facts.id} is lost`]
    if (items.length > 1) return [`the client ${facts.value} has ${items.length} keys of one request`]
    return revoked.has(key.id) && key.state !== 'revoked' ? [`the revocation of ${key.id} is lost`] : []
  })
}

async function lostSessions(url: string, sessions: readonly Operation[]): Promise<Violations> {
  const every = Math.max(1, Math.ceil(sessions.length / SESSIONS))
  return each(
    sessions.filter((_, index) => index % every === 0),
    async ({ lane, facts }) => {
      const refresh = facts.id
      const answer = await call('POST', `${url}/api/v1/auth/token/refresh/`, { json: { refresh } })
      return answer.status === 200 ? [] : [`a session of ${lane} is lost (${answer.status})`]
    },
  )
}

/** The last profile that was acknowledged, or one that was written later and may have been. */
async function lostProfiles(url: string, all: readonly Operation[], stage: Stage): Promise<Violations> {
  return each(stage.people, async ({ name, subject, access }) => {
    const writes = all.filter(({ facts }) => facts.deed === 'profile' && facts.id === subject)
    const last = writes.findLastIndex(({ outcome }) => outcome === 'ok')
    if (last === -1) return []
    const possible = writes
      .slice(last)
      .flatMap(({ outcome, facts }) => (outcome === 'fail' ? [] : [facts.value]))
    const answer: Answer = await call('GET', `${url}/api/v1/me`, { token: access })
    const surname = answer.body.data?.user?.surname
    return possible.includes(surname) ? [] : [`the profile of ${name} is not as it was written last`]
  })
}

/** Eight at a time: all at once would be a load of its own. */
async function each<T>(of: readonly T[], check: (one: T) => Promise<Violations>): Promise<Violations> {
  const left = [...of]
  const found: string[] = []
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) found.push(...(await check(one)))
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return found
}
