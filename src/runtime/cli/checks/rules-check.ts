import { ruleSlips } from '../../../gateway/rule-slips.ts'
import type { RulesSource } from '../../../settings/settings.ts'
import { readRules, spellRulesFault } from '../../rules-source.ts'
import type { Check } from './check.ts'

/** Says whether the routes can be used, how many there are and how many of them are open to anybody. */
export async function checkRules(source: RulesSource): Promise<Check> {
  const check = 'routes'
  const rules = await readRules(source)
  if (!rules.ok) {
    const [first, ...more] = rules.failure
    const others = more.length === 0 ? '' : `, and ${more.length} more`
    const remedy = 'Mend it: `guichet routes check` names every fault of a file.'
    return { check, status: 'fail', finding: `${first}${others}.`, remedy }
  }
  const open = rules.value.filter(({ isPublic }) => isPublic).length
  const finding = `${rules.value.length} can be used, ${open} of them public.`
  const [slip] = ruleSlips(rules.value)
  if (slip === undefined) return { check, status: 'ok', finding }
  return { check, status: 'warn', finding, remedy: `Is this meant? ${spellRulesFault(slip)}.` }
}
