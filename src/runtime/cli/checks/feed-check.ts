import pg from 'pg'
import type { DatabaseSettings } from '../../../settings/settings.ts'
import type { Check } from './check.ts'
import { orStoreError } from './or-store-error.ts'

/** Its own, so that no gateway hears what is said here. */
const CHANNEL = 'guichet_doctor'
const HEARD_MAX_MS = 2000

/** Says whether a gateway would hear what another one announces: without it revocations are polled for. */
export async function checkFeed(settings: DatabaseSettings): Promise<Check> {
  const check = 'feed'
  const heardMs = await orStoreError(() => hear(settings))
  if (heardMs instanceof Error) {
    const name = settings.directUrl === undefined ? 'DATABASE_URL' : 'DATABASE_DIRECT_URL'
    const remedy = `Check ${name}: every instance holds a connection by it, to hear of revocations.`
    return { check, status: 'fail', finding: heardMs.message, remedy }
  }
  if (heardMs !== undefined) {
    return { check, status: 'ok', finding: `An announcement arrives within ${Math.ceil(heardMs)} ms.` }
  }
  const remedy =
    settings.directUrl === undefined
      ? 'Is there a pooler in transaction mode (pgbouncer)? Set DATABASE_DIRECT_URL to the same database without it.'
      : 'DATABASE_DIRECT_URL must lead to the same database, and past any pooler in transaction mode (pgbouncer).'
  const finding = `No announcement arrives within ${HEARD_MAX_MS / 1000} s; gateways would poll twice a second.`
  return { check, status: 'warn', finding, remedy }
}

/** How long a word takes from the one connection to the other, in milliseconds; undefined for too long. */
async function hear(settings: DatabaseSettings): Promise<number | undefined> {
  const listener = openClient(settings.directUrl ?? settings.url, settings)
  const teller = openClient(settings.url, settings)
  const word = crypto.randomUUID()
  const heard = Promise.withResolvers<number | undefined>()
  let late: NodeJS.Timeout | undefined
  try {
    await listener.connect()
    await teller.connect()
    await listener.query(`listen ${CHANNEL}`)
    const toldAt = performance.now()
    listener.on('notification', ({ payload }) => {
      if (payload === word) heard.resolve(performance.now() - toldAt)
    })
    await teller.query('select pg_notify($1, $2)', [CHANNEL, word])
    late = setTimeout(() => heard.resolve(undefined), HEARD_MAX_MS)
    const heardMs = await heard.promise
    // A pooler would keep the connection, and what it listens to.
    await listener.query(`unlisten ${CHANNEL}`)
    return heardMs
  } finally {
    clearTimeout(late)
    await Promise.allSettled([listener.end(), teller.end()])
  }
}

function openClient(connectionString: string, settings: DatabaseSettings): pg.Client {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    query_timeout: settings.queryTimeoutMs,
    application_name: 'guichet doctor',
  })
  // What breaks between two statements the next one tells.
  client.on('error', () => {})
  return client
}
