import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { ruleSlips } from '../../gateway/rule-slips.ts'
import type { RouteRule } from '../../gateway/rules.ts'
import { parseRules } from '../../gateway/rules-file.ts'
import { addressName } from '../../gateway/upstreams.ts'
import { spellRulesFault } from '../rules-source.ts'
import { exitCodes } from './cli-error.ts'
import { type OutputMode, shortList, writeJson, writeLine, writeTable } from './print.ts'

/** Tells every fault of a routes file, or its routes and what in them is probably a slip. */
export async function checkRoutes(file: string, mode: OutputMode): Promise<void> {
  const rules = parseRules(await readRoutesText(file))
  if (!rules.ok) {
    process.exitCode = exitCodes.failed
    if (mode === 'json') writeJson({ valid: false, faults: rules.failure })
    else for (const fault of rules.failure) writeLine(spellRulesFault(fault))
    return
  }
  const routes = rules.value.map(routeRow)
  const warnings = ruleSlips(rules.value)
  if (mode === 'json') {
    writeJson({ valid: true, routes, warnings })
    return
  }
  writeTable(
    ['NAME', 'HOSTS', 'METHODS', 'PATH', 'UPSTREAM', 'ASKS FOR', 'MODE'],
    routes.map((route) => [
      route.name,
      shortList(route.hosts),
      shortList(route.methods),
      route.path,
      shortList(route.upstream),
      route.public ? 'nothing' : route.permissions.join(' ') || route.credentials.join(' or '),
      route.mode,
    ]),
  )
  if (warnings.length > 0) writeLine('')
  for (const warning of warnings) writeLine(`Warning: ${spellRulesFault(warning)}`)
}

/** The text of a file, or of standard input for `-`. */
export function readRoutesText(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readFile(file, 'utf8')
}

function routeRow({ upstream, isPublic, isShadow, ...rule }: RouteRule) {
  return {
    name: rule.name,
    hosts: rule.hosts,
    methods: rule.methods,
    path: rule.path,
    upstream: upstream?.addresses.map((address) => addressName(address) + upstream.basePath) ?? [],
    permissions: rule.permissions,
    credentials: rule.credentials,
    public: isPublic,
    mode: isShadow ? 'shadow' : 'enforce',
  }
}
