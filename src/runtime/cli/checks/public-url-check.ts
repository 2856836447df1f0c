import { isThisMachine } from '../../../settings/setting.ts'
import type { Settings } from '../../../settings/settings.ts'
import { hostInUrl } from '../../host-in-url.ts'
import type { Check } from './check.ts'

/** Says whether the address that tokens and links name is one for others, and by TLS. */
export function checkPublicUrl({ policy, host }: Pick<Settings, 'policy' | 'host'>): Check {
  const check = 'public url'
  const finding = `Tokens and links name ${policy.issuer}.`
  if (!isThisMachine(policy.issuer)) {
    if (policy.issuer.startsWith('https:')) return { check, status: 'ok', finding }
    const remedy = 'Put TLS in front and name it with https: keys, tokens and passwords travel in the clear.'
    return { check, status: 'warn', finding, remedy }
  }
  if (isThisMachine(`http://${hostInUrl(host)}`)) return { check, status: 'ok', finding }
  const remedy = 'HOST lets other machines in: set PUBLIC_URL to the address by which they come.'
  return { check, status: 'warn', finding, remedy }
}
