import pino from 'pino'
import type { CaptchaVerdict } from '../../../core/accounts/captcha.ts'
import type { CaptchaSettings } from '../../../settings/settings.ts'
import { createCaptcha } from '../../captcha.ts'
import type { Check } from './check.ts'

/** Has the captcha's provider judge an answer that nobody was given: it must answer, and must not let it pass. */
export async function checkCaptcha(settings: CaptchaSettings): Promise<Check> {
  const captcha = createCaptcha(pino({ level: 'silent' }), settings)
  const verdict = await captcha?.judge('an answer of guichet doctor', undefined)
  return { check: 'captcha', ...findings[verdict?.kind ?? 'unavailable'] }
}

const findings = {
  failed: { status: 'ok', finding: 'The provider judges answers.' },
  passed: {
    status: 'warn',
    finding: 'The provider lets every answer pass.',
    remedy: 'CAPTCHA_SECRET is one for tests: set the one of your site.',
  },
  unavailable: {
    status: 'fail',
    finding: 'The provider judges nothing, and so nobody can register.',
    remedy: 'Check CAPTCHA_SECRET, CAPTCHA_VERIFY_URL and the way there.',
  },
} as const satisfies Record<CaptchaVerdict['kind'], Omit<Check, 'check'>>
