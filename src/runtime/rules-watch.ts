import { unwatchFile, watchFile } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { GatewayRules } from '../gateway/rules.ts'
import type { RulesSource } from '../settings/settings.ts'
import { describeFault } from './log.ts'
import { readRules } from './rules-source.ts'

/** Looked at by its name: a mounted file changes by another one taking its place, which watchers of a file miss. */
const LOOK_EVERY_MS = 1000

/**
 * Puts changed rules in place while everything goes on: those that differ from `present`, which were read before, at
 * once. Rules with a fault change nothing, and the log says where.
 */
export function watchRules(
  { path }: Extract<RulesSource, { kind: 'file' }>,
  {
    present,
    logger,
    replace,
  }: {
    readonly present: GatewayRules | undefined
    readonly logger: Logger
    readonly replace: (rules: GatewayRules) => void
  },
): () => void {
  const look = async (known: GatewayRules | undefined) => {
    const rules = await readRules({ kind: 'file', path })
    if (rules.ok) {
      if (isDeepStrictEqual(rules.value, known)) return
      replace(rules.value)
      logger.info({ routes: rules.value.length }, 'the routes were replaced')
    } else {
      logger.error({ faults: rules.failure }, 'the changed routes cannot be used; those before stay in place')
    }
  }
  const lookNow = (known?: GatewayRules) =>
    void look(known).catch((error: unknown) =>
      logger.error({ fault: describeFault(error) }, 'the changed routes could not be put in place'),
    )
  const listener = () => lookNow()
  watchFile(path, { interval: LOOK_EVERY_MS, persistent: false }, listener)
  // What has changed since they were read, while the rest of the process started, is a change to nobody else.
  lookNow(present)
  return () => unwatchFile(path, listener)
}
