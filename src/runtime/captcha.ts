import type { Logger } from 'pino'
import { z } from 'zod'
import type { Captcha, CaptchaVerdict } from '../core/accounts/captcha.ts'
import type { CaptchaSettings } from '../settings/settings.ts'
import { describeFault } from './log.ts'

/** The connection and the whole answer. */
const DEADLINE_MS = 5000

/** What the providers say where a visitor could mend nothing: it is the operator's key, our question or themselves. */
const operatorsCodes: ReadonlySet<string> = new Set([
  'missing-input-secret',
  'invalid-input-secret',
  'sitekey-secret-mismatch',
  'bad-request',
  'internal-error',
])

const answerSchema = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).nullish() })

/**
 * Asks a provider by the protocol that Turnstile, hCaptcha and reCAPTCHA share: `siteverify`. What goes wrong on the way
 * is logged, without the answer and the secret, and lets nobody pass.
 */
export function createCaptcha(
  logger: Logger,
  settings: CaptchaSettings | undefined,
  { deadlineMs = DEADLINE_MS }: { readonly deadlineMs?: number } = {},
): Captcha | undefined {
  if (settings === undefined) return undefined
  const { secret, verifyUrl } = settings
  return {
    async judge(answer, address) {
      try {
        const remoteip = address === undefined ? {} : { remoteip: address }
        return await verdictOf(await ask({ secret, response: answer, ...remoteip }))
      } catch (fault) {
        logger.warn({ fault: describeFault(fault) }, 'the captcha provider gave no answer')
        return { kind: 'unavailable' }
      }
    },
  }

  function ask(parameters: Readonly<Record<string, string>>): Promise<Response> {
    return fetch(verifyUrl, {
      method: 'POST',
      // Followed, it would hand the secret to wherever the answer says.
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
      headers: { Accept: 'application/json', 'User-Agent': 'guichet' },
      body: new URLSearchParams(parameters),
    })
  }

  async function verdictOf(response: Response): Promise<CaptchaVerdict> {
    const { status } = response
    const said = answerSchema.safeParse(await response.json())
    const success = said.data?.success
    if (success === true && response.ok) return { kind: 'passed' }
    const codes = codesOf(said.data?.['error-codes'])
    const isVisitors = codes.every((code) => !operatorsCodes.has(code)) && (response.ok || codes.length > 0)
    if (success === false && isVisitors) return { kind: 'failed', cause: codes.join(' ') || 'without a code' }
    logger.warn({ status, codes }, 'the captcha provider judges nothing: see CAPTCHA_SECRET')
    return { kind: 'unavailable' }
  }
}

/** The names of errors; of any other text it is not known what it quotes. */
function codesOf(texts: readonly string[] | null | undefined): readonly string[] {
  return (texts ?? []).filter((text) => /^[a-z][a-z-]{0,40}$/.test(text)).slice(0, 5)
}
