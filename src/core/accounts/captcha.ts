import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'

/** The operator's captcha provider. */
export interface Captcha {
  /** Has an answer judged, which providers do once for each. It does not reject: who cannot be asked is `unavailable`. */
  readonly judge: (answer: string, address: string | undefined) => Promise<CaptchaVerdict>
}

export type CaptchaVerdict =
  | { readonly kind: 'passed' }
  /** The cause is for the log alone. */
  | { readonly kind: 'failed'; readonly cause: string }
  | { readonly kind: 'unavailable' }

/** Of the answers that providers hand out the longest has a few thousand characters. */
const ANSWER_MAX_LENGTH = 8192

/** Refuses a stranger without an answer, where there is a captcha: before anything is counted, and without asking anybody. */
export function presentCaptcha(
  { captcha }: Pick<World, 'captcha'>,
  answer: string | undefined,
): Result<void, Failure> {
  return captcha === undefined || isGiven(answer) ? ok(undefined) : fail({ reason: 'captcha_required' })
}

/** Refuses an answer that the provider does not let pass, and every one while it cannot be asked. */
export async function admitCaptcha(
  { captcha }: Pick<World, 'captcha'>,
  answer: string | undefined,
  { address }: Pick<Caller, 'address'>,
): Promise<Result<void, Failure>> {
  if (captcha === undefined) return ok(undefined)
  if (!isGiven(answer)) return fail({ reason: 'captcha_required' })
  if (answer.length > ANSWER_MAX_LENGTH) return fail({ reason: 'captcha_failed', cause: 'too_long' })
  const verdict = await captcha.judge(answer, address)
  if (verdict.kind === 'passed') return ok(undefined)
  return verdict.kind === 'failed'
    ? fail({ reason: 'captcha_failed', cause: verdict.cause })
    : fail({ reason: 'captcha_unavailable' })
}

/** Forms send an empty text where the widget has not run. */
function isGiven(answer: string | undefined): answer is string {
  return answer !== undefined && answer !== ''
}
