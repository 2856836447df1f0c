import { unwatchFile, watchFile } from 'node:fs'
import type { Logger } from 'pino'
import type { GatewayRules } from '../gateway/rules.ts'
import type { RulesSource } from '../settings/settings.ts'
import { describeFault } from './log.ts'
import { readRules } from './rules-source.ts'

/** Looked at by its name: a mounted file changes by another one taking its place, which watchers of a file miss. */
const LOOK_EVERY_MS = 1000

/** Puts changed rules in place while everything goes on. Rules with a fault change nothing, and the log says where. */
export function watchRules(
  { path }: Extract<RulesSource, { kind: 'file' }>,
  { logger, replace }: { readonly logger: Logger; readonly replace: (rules: GatewayRules) => void },
): () => void {
  const onChange = async () => {
    const rules = await readRules({ kind: 'file', path })
    if (rules.ok) {
      replace(rules.value)
      logger.info({ routes: rules.value.length }, 'the routes were replaced')
    } else {
      logger.error({ faults: rules.failure }, 'the changed routes cannot be used; those before stay in place')
    }
  }
  const listener = () =>
    void onChange().catch((error: unknown) =>
      logger.error({ fault: describeFault(error) }, 'the changed routes could not be put in place'),
    )
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, listener)
  return () => unwatchFile(path, listener)
}
