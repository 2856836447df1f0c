import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { admitCaptcha, presentCaptcha } from './captcha.ts'

const many = { limit: 30, windowSeconds: 300 }

/** What one site may ask of the Supabase face, each kind of question by itself. */
const perSite = {
  'sign-up': many,
  'sign-in-message': many,
  recovery: many,
  resend: many,
  verify: many,
  anonymous: { limit: 30, windowSeconds: 3600 },
} as const
export type StrangerQuestion = keyof typeof perSite

/** Counts a question of somebody whom nothing vouches for; those without an address share one count. */
export async function takeStrangerQuestion(
  { addresses, store }: Pick<World, 'addresses' | 'store'>,
  { about, caller: { address } }: { readonly about: StrangerQuestion; readonly caller: Caller },
  now: Date,
): Promise<Result<void, Failure>> {
  const site = address === undefined ? 'unknown' : addresses.site(address)
  const take = { ...perSite[about], bucket: `stranger:${about}:${site}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

/** The same where it costs us a message or a slow hash: they show the answer of the operator's captcha too. */
export async function admitStranger(
  world: Pick<World, 'addresses' | 'store' | 'captcha'>,
  {
    about,
    caller,
    captcha,
  }: {
    readonly about: StrangerQuestion
    readonly caller: Caller
    readonly captcha: string | undefined
  },
  now: Date,
): Promise<Result<void, Failure>> {
  const presented = presentCaptcha(world, captcha)
  if (!presented.ok) return presented
  const asked = await takeStrangerQuestion(world, { about, caller }, now)
  return asked.ok ? admitCaptcha(world, captcha, caller) : asked
}
