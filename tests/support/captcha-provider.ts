import { startFront } from './front.ts'

export interface CaptchaProvider {
  /** Where answers are judged. */
  readonly url: string
  /** What was asked so far, as it was sent. */
  readonly asked: readonly Readonly<Record<string, string>>[]
  /** An answer as a widget hands it out to somebody who has passed: good once. */
  readonly solve: () => string
  /** Answers the next question by itself. */
  readonly answerNext: (answer: Response | Promise<Response>) => void
  readonly close: () => Promise<void>
}

const PATH = '/siteverify'

/** A provider over real HTTP that speaks siteverify, as Turnstile, hCaptcha and reCAPTCHA do. */
export async function startCaptchaProvider(secret: string): Promise<CaptchaProvider> {
  const solved = new Set<string>()
  const used = new Set<string>()
  const asked: Readonly<Record<string, string>>[] = []

  const refuse = (code: string) => Response.json({ success: false, 'error-codes': [code] })
  const judge = ({ secret: shown, response = '' }: Readonly<Record<string, string>>) => {
    if (shown !== secret) return refuse('invalid-input-secret')
    if (used.has(response)) return refuse('timeout-or-duplicate')
    if (!solved.delete(response)) return refuse('invalid-input-response')
    used.add(response)
    return Response.json({ success: true, 'error-codes': [], hostname: 'app.test' })
  }
  const front = await startFront(async (request) => {
    const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded')
    if (request.method !== 'POST' || isForm !== true) return refuse('bad-request')
    const form = Object.fromEntries(new URLSearchParams(await request.text()))
    asked.push(form)
    return judge(form)
  })
  return {
    url: front.url + PATH,
    asked,
    solve() {
      const answer = `solved.${crypto.randomUUID()}`
      solved.add(answer)
      return answer
    },
    answerNext: (answer) => front.answerNext(PATH, answer),
    close: front.close,
  }
}
