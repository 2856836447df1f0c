import { TOTP } from 'otpauth'
import type { Answer } from './call.ts'
import { mailsOf, type PersonSeen } from './people.ts'
import type { TestGateway } from './test-gateway.ts'

/** What an app shows at the gateway's time, or some steps of 30 seconds from it. */
export function appCode(gateway: TestGateway, secret: string, steps = 0): string {
  return new TOTP({ secret }).generate({ timestamp: gateway.world.now().getTime() + steps * 30_000 })
}

/** Six digits that are no code of the app's, now or a step from now. */
export function wrongCode(gateway: TestGateway, secret: string): string {
  const right = [-1, 0, 1].map((steps) => appCode(gateway, secret, steps))
  return ['000000', '111111', '222222', '333333'].find((code) => !right.includes(code))!
}

export interface AppSeen {
  readonly id: string
  readonly secret: string
  readonly recoveryCodes: readonly string[]
}

/** Sets an app up by the routes, and lets its first code pass: none of the same step counts again. */
export async function withApp(
  gateway: TestGateway,
  { password }: Pick<PersonSeen, 'password'>,
  token: string,
): Promise<AppSeen> {
  const begun = await gateway.call('POST', '/api/v1/me/factors/totp', { token, json: { password } })
  const { id, secret } = begun.body.data
  const json = { code: appCode(gateway, secret) }
  const activated = await gateway.call('POST', `/api/v1/me/factors/${id}/activate`, { token, json })
  if (activated.status !== 200) throw new Error(`Not activated: ${activated.text}`)
  gateway.pass(60)
  return { id, secret, recoveryCodes: activated.body.data.recovery_codes }
}

/** Shows the password and answers the challenge. */
export async function challengeOf(
  gateway: TestGateway,
  { email, password }: Pick<PersonSeen, 'email' | 'password'>,
): Promise<string> {
  const answer = await gateway.call('POST', '/api/v1/auth/login', { json: { identifier: email, password } })
  const challenge = answer.body.data?.second_factor?.challenge
  if (challenge === undefined) throw new Error(`No challenge: ${answer.text}`)
  return challenge
}

/** Answers a challenge. */
export function complete(
  gateway: TestGateway,
  json: { readonly challenge: string; readonly method?: string; readonly code: string },
): Promise<Answer> {
  return gateway.call('POST', '/api/v1/auth/login/second-factor', { json: { method: 'totp', ...json } })
}

/** The code in the last mail of a kind to an address. */
export async function mailedCode(gateway: TestGateway, kind: string, to: string): Promise<string> {
  const mail = (await mailsOf(gateway)).findLast((one) => one.kind === kind && one.to === to)
  if (mail === undefined) throw new Error(`No mail ${kind} to ${to}.`)
  return mail.facts.code
}
