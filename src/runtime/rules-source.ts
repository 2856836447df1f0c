import { readFile } from 'node:fs/promises'
import { fail, ok, type Result } from '../core/result.ts'
import type { GatewayRules } from '../gateway/rules.ts'
import { parseRules, type RulesFault, rulesOfUpstream } from '../gateway/rules-file.ts'
import { isUpstreamUrl } from '../gateway/rules-schema.ts'
import type { RulesSource } from '../settings/settings.ts'

/** Reads the rules from wherever they are kept, or says in a line each what is wrong with them. */
export async function readRules(source: RulesSource): Promise<Result<GatewayRules, readonly string[]>> {
  if (source.kind !== 'file') return parseRulesSource(source)
  try {
    return spelled(await readFile(source.path, 'utf8'))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return fail([`ROUTES_FILE cannot be read: ${code}`])
  }
}

/** The same where there are no files. */
export function parseRulesSource(
  source: Exclude<RulesSource, { kind: 'file' }>,
): Result<GatewayRules, readonly string[]> {
  if (source.kind === 'text') return spelled(source.text)
  if (isUpstreamUrl(source.url)) return ok(rulesOfUpstream(source.url))
  return fail(['UPSTREAM_URL must be an http or https URL without user, query or fragment'])
}

function spelled(text: string): Result<GatewayRules, readonly string[]> {
  const rules = parseRules(text)
  if (rules.ok) return rules
  return fail(rules.failure.map(spellRulesFault))
}

/** A fault of the rules in a line. */
export function spellRulesFault({ path, problem }: RulesFault): string {
  return path === '' ? `the file ${problem}` : `${path} ${problem}`
}
