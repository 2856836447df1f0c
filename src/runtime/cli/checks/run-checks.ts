import manifest from '../../../../package.json' with { type: 'json' }
import type { Settings } from '../../../settings/settings.ts'
import { createStore } from '../../../store/store.ts'
import { findSecrets } from '../../database.ts'
import { readSettings } from '../../environment.ts'
import { createNodeWorld } from '../../node-world.ts'
import type { BareDatabase } from '../../postgres.ts'
import { StartError } from '../../start-error.ts'
import { openUnmigrated } from '../open-unmigrated.ts'
import { checkCaptcha } from './captcha-check.ts'
import type { Check } from './check.ts'
import { checkMigrations, checkReach } from './database-checks.ts'
import { checkDisk } from './disk-check.ts'
import { checkFeed } from './feed-check.ts'
import { checkKeyAges, checkSigningKeyAges } from './key-age-checks.ts'
import { checkMail, checkOutbox, checkTemplates } from './mail-checks.ts'
import { checkPublicUrl } from './public-url-check.ts'
import { checkRoutes } from './routes-checks.ts'
import { checkApiKeys, checkSigningKeys } from './secret-checks.ts'
import { checkServer } from './server-checks.ts'

/** Runs the checks in the order in which each needs the ones before it, as far as they carry. Changes nothing. */
export async function runChecks(): Promise<readonly Check[]> {
  const node = checkNode()
  const settings = await orStartError(readSettings)
  if (settings instanceof StartError) {
    return [node, { check: 'settings', status: 'fail', finding: settings.message }]
  }
  const around = await checkSurroundings(settings)
  const checks: Check[] = [node, { check: 'settings', status: 'ok', finding: 'All can be used.' }, ...around]
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

/** All that needs no database; at once, since each may wait for somebody else. */
async function checkSurroundings(settings: Settings): Promise<readonly Check[]> {
  const { rules, captcha, mail, database, dataDir } = settings
  const checks = await Promise.all([
    checkPublicUrl(settings),
    rules && checkRoutes(rules),
    captcha && checkCaptcha(captcha),
    checkMail(mail),
    mail.templates === undefined ? undefined : checkTemplates(mail.templates),
    database === undefined ? checkDisk(dataDir) : undefined,
  ])
  return checks.flatMap((found) => found ?? [])
}

async function checkDatabase(database: BareDatabase, settings: Settings): Promise<readonly Check[]> {
  const reach = await checkReach(database, settings)
  if (reach.some(({ status }) => status === 'fail')) return reach
  const server =
    settings.database === undefined
      ? []
      : [...(await checkServer(database, settings.database)), await checkFeed(settings.database)]
  const store = createStore(database.db, { prepare: false })
  const migrations = await checkMigrations(store)
  const checks = [...reach, ...server, migrations]
  if (migrations.status === 'fail') return checks
  const secrets = await orStartError(() => findSecrets(settings))
  if (secrets instanceof StartError) {
    return [...checks, { check: 'secret', status: 'fail', finding: secrets.message }]
  }
  const world = createNodeWorld(store, secrets)
  return [
    ...checks,
    await checkSigningKeys(world),
    await checkSigningKeyAges(world, settings.policy),
    await checkApiKeys(database, secrets),
    await checkKeyAges(database, world.now()),
    await checkOutbox(database, world.now()),
  ]
}

async function orStartError<T>(action: () => T | Promise<T>): Promise<T | StartError> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof StartError) return error
    throw error
  }
}
