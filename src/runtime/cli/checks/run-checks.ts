import manifest from '../../../../package.json' with { type: 'json' }
import type { Settings } from '../../../settings/settings.ts'
import { createStore } from '../../../store/store.ts'
import { type StoreError, type StoreUnavailableError, storeError } from '../../../store/store-error.ts'
import { findSecrets } from '../../database.ts'
import { readSettings } from '../../environment.ts'
import { createNodeWorld } from '../../node-world.ts'
import type { BareDatabase } from '../../postgres.ts'
import { StartError } from '../../start-error.ts'
import { openUnmigrated } from '../open-unmigrated.ts'
import { checkCaptcha } from './captcha-check.ts'
import type { Check } from './check.ts'
import { clockAheadMs } from './clock-distance.ts'
import { checkRules } from './rules-check.ts'
import { checkApiKeys, checkSigningKeys } from './secret-checks.ts'

/** Runs the checks in the order in which each needs the ones before it, as far as they carry. Changes nothing. */
export async function runChecks(): Promise<readonly Check[]> {
  const checks: Check[] = [checkNode()]
  const settings = await orStartError(readSettings)
  if (settings instanceof StartError) {
    return [...checks, { check: 'settings', status: 'fail', finding: settings.message }]
  }
  checks.push({ check: 'settings', status: 'ok', finding: 'All can be used.' })
  if (settings.rules !== undefined) checks.push(await checkRules(settings.rules))
  if (settings.captcha !== undefined) checks.push(await checkCaptcha(settings.captcha))
  const database = await openUnmigrated(settings, 'Stop it to have the database checked.')
  if ('status' in database) return [...checks, database]
  try {
    return [...checks, ...(await checkDatabase(database, settings))]
  } finally {
    await database.close()
  }
}

function checkNode(): Check {
  const finding = `Node ${process.versions.node}, and ${manifest.engines.node} is needed.`
  const needed = Number(manifest.engines.node.replace(/\D/g, ''))
  if (Number.parseInt(process.versions.node, 10) >= needed) return { check: 'node', status: 'ok', finding }
  return { check: 'node', status: 'fail', finding, remedy: `Install Node ${needed} or later.` }
}

async function checkDatabase(database: BareDatabase, settings: Settings): Promise<readonly Check[]> {
  const store = createStore(database.db, { prepare: false })
  const aheadMs = await orStoreError(() => clockAheadMs(database.db))
  if (aheadMs instanceof Error) return [unreachable(aheadMs)]
  const checks: Check[] = [
    { check: 'database', status: 'ok', finding: `Reached (${database.kind}).` },
    checkClock(aheadMs, settings.policy.clockSkewSeconds),
  ]
  const probed = await orStoreError(store.probe)
  if (probed instanceof Error) return [...checks, unmigrated(probed)]
  checks.push({ check: 'migrations', status: 'ok', finding: 'The schema is current.' })
  const secrets = await orStartError(() => findSecrets(settings))
  if (secrets instanceof StartError) {
    return [...checks, { check: 'secret', status: 'fail', finding: secrets.message }]
  }
  const world = createNodeWorld(store, secrets)
  return [...checks, await checkSigningKeys(world), await checkApiKeys(database, secrets)]
}

function unreachable({ message }: Error): Check {
  const meaning = Object.entries(connectFaults).find(([code]) => message.includes(code))?.[1]
  return {
    check: 'database',
    status: 'fail',
    finding: message,
    remedy: meaning ?? 'Check DATABASE_URL, and that PostgreSQL runs and is reachable from here.',
  }
}

const connectFaults = {
  '28P01': 'The password in DATABASE_URL is wrong.',
  '28000': 'PostgreSQL does not let this user in: see its pg_hba.conf.',
  '3D000': 'There is no database of that name: create it.',
  '53300': 'PostgreSQL has no connection left: raise its max_connections, or lower DATABASE_POOL_MAX.',
}

function unmigrated({ message }: Error): Check {
  // Its own table is missing, or the schema of that table.
  const untouched = /SQLSTATE (?:42P01|3F000)/.test(message)
  return {
    check: 'migrations',
    status: 'fail',
    finding: untouched ? 'No migration was ever applied.' : message,
    remedy: 'Run `guichet migrate`.',
  }
}

function checkClock(aheadMs: number, clockSkewSeconds: number): Check {
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1)
  const finding = `This clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the database's.`
  // Below a second it may be the way there and back.
  const allowedMs = Math.max(1, clockSkewSeconds) * 1000
  if (Math.abs(aheadMs) <= allowedMs) return { check: 'clock', status: 'ok', finding }
  return { check: 'clock', status: 'warn', finding, remedy: 'Keep both in time with NTP: tokens live by it.' }
}

async function orStartError<T>(action: () => T | Promise<T>): Promise<T | StartError> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof StartError) return error
    throw error
  }
}

async function orStoreError<T>(action: () => Promise<T>): Promise<T | StoreError | StoreUnavailableError> {
  try {
    return await action()
  } catch (error) {
    return storeError(error)
  }
}
