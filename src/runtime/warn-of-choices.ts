import type { Logger } from 'pino'
import type { GatewayRules } from '../gateway/rules.ts'
import type { Settings } from '../settings/settings.ts'

/** Says in the log what an operator may choose and should not overlook. */
export function warnOfChoices(
  settings: Settings,
  { rules, logger }: { readonly rules: GatewayRules | undefined; readonly logger: Logger },
): void {
  if (!settings.rateLimits)
    logger.warn('RATE_LIMITS=off: no rate, no quota and no guess is limited; for load tests only')
  if (letsStrangersPass(settings, rules))
    logger.warn(
      'anybody may register, and routes without permissions let every token pass: name permissions, or set REGISTRATION=closed',
    )
}

/** Whether who has just registered, whose role permits nothing, would reach the operator's APIs. */
function letsStrangersPass({ policy, trustedProxies }: Settings, rules: GatewayRules | undefined): boolean {
  if (policy.accounts.registration === 'closed') return false
  // Without rules forward-auth asks for any valid token.
  if (rules === undefined) return trustedProxies.length > 0
  return rules.some(({ isPublic, permissions }) => !isPublic && permissions.length === 0)
}
