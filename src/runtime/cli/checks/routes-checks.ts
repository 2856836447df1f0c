import { ruleSlips } from '../../../gateway/rule-slips.ts'
import type { GatewayRules } from '../../../gateway/rules.ts'
import type { RulesSource } from '../../../settings/settings.ts'
import { readRules, spellRulesFault } from '../../rules-source.ts'
import type { Check } from './check.ts'
import { checkUpstreams } from './upstreams-check.ts'

/** Says whether the routes can be used, how many there are, how many are open to anybody, and whether their APIs answer. */
export async function checkRoutes(source: RulesSource): Promise<readonly Check[]> {
  const rules = await readRules(source)
  if (!rules.ok) {
    const [first, ...more] = rules.failure
    const others = more.length === 0 ? '' : `, and ${more.length} more`
    const remedy = 'Mend it: `guichet routes check` names every fault of a file.'
    return [{ check: 'routes', status: 'fail', finding: `${first}${others}.`, remedy }]
  }
  const upstreams = await checkUpstreams(rules.value)
  return [judgeRules(rules.value), ...(upstreams === undefined ? [] : [upstreams])]
}

function judgeRules(rules: GatewayRules): Check {
  const check = 'routes'
  const open = rules.filter(({ isPublic }) => isPublic).length
  const finding = `${rules.length} can be used, ${open} of them public.`
  const [slip] = ruleSlips(rules)
  if (slip === undefined) return { check, status: 'ok', finding }
  return { check, status: 'warn', finding, remedy: `Is this meant? ${spellRulesFault(slip)}.` }
}
