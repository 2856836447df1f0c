import { groupCommit } from '../core/group-commit.ts'
import { momentText } from '../core/moment-text.ts'
import type { SessionStore } from '../core/ports.ts'
import type { SessionUse } from '../core/tokens/session.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'
import { rowTurns } from './row-turns.ts'
import { type KeySessionRow, keySessionColumns, keySessionOf } from './session-rows.ts'
import { type Columns, type HotPath, statement } from './statement.ts'

interface Wish {
  readonly id: string
  readonly at: Date
}

const batches = { batchMax: 500 }

const columns = Object.entries(keySessionColumns)
const readers = columns.map(([name, column]) => ({
  name,
  read: (value: unknown) => column.mapFromDriverValue(value),
}))
const returned = `${columns.map(([, { name }]) => `sessions.${name}`).join(', ')}, api_keys.version, clients.not_before`

// A row that somebody else holds is left out: those who have come with it must not wait for him.
const together = `with held as materialized (
    select sessions.id, wanted.at from unnest($1::uuid[], $2::timestamptz[]) as wanted (id, at)
    join sessions on sessions.id = wanted.id
    for no key update of sessions skip locked
  )
  update sessions set last_used_at = held.at
  from held, api_keys join clients on clients.id = api_keys.client_id
  where sessions.id = held.id and api_keys.id = sessions.key_id
  returning ${returned}`

const alone = `update sessions set last_used_at = $2::timestamptz
  from api_keys join clients on clients.id = api_keys.client_id
  where sessions.id = $1::uuid and api_keys.id = sessions.key_id
  returning ${returned}`

/** Marks sessions that come together in one statement and one commit. */
export function sessionUse(db: Database, hotPath: HotPath): SessionStore['useSession'] {
  const useTogether = statement(db, hotPath, { name: 'use_sessions', text: together, parameters: 2 })
  const useAlone = statement(db, hotPath, { name: 'use_session', text: alone, parameters: 2 })
  const using = groupCommit<Wish, SessionUse | undefined>(
    async (wishes) => {
      // Each session once, marked with the latest of those who use it at once.
      const marks = new Map<string, Date>()
      for (const { id, at } of wishes) {
        const marked = marks.get(id)
        if (marked === undefined || marked < at) marks.set(id, at)
      }
      const times = [...marks.values()].map(momentText)
      const uses = (await useTogether([arrayText([...marks.keys()]), arrayText(times)])).map(useOf)
      const byId = new Map(uses.map((use) => [use.session.id, use]))
      return wishes.map(({ id }) => byId.get(id))
    },
    { ...batches, gather: hotPath.gather, overlaps: hotPath.overlaps },
  )

  const usingAlone = rowTurns<Wish, SessionUse | undefined>(
    ({ id }) => id,
    async (wishes) => {
      const [{ id }] = wishes
      const latest = new Date(Math.max(...wishes.map(({ at }) => at.getTime())))
      const [row] = await useAlone([id, momentText(latest)])
      const use = row && useOf(row)
      return wishes.map(() => use)
    },
  )

  return async (id, at) => {
    const use = await using({ id, at })
    // There is none, or somebody holds it: then those who want this one wait for him.
    return use ?? usingAlone({ id, at })
  }
}

function useOf(row: Columns): SessionUse {
  const session: Record<string, unknown> = {}
  readers.forEach(({ name, read }, index) => {
    const value = row[index]
    session[name] = value === null ? null : read(value)
  })
  const [keyVersion, notBefore] = [row[readers.length], row[readers.length + 1]]
  return {
    // Every column that is read under its name, as the query builder would have it.
    session: keySessionOf(session as KeySessionRow),
    keyVersion: Number(keyVersion),
    notBefore: notBefore === null ? undefined : new Date(String(notBefore)),
  }
}
