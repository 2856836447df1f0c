import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastMessage, supabaseGateway } from '../../support/one-time-mails.ts'
import { aSupabaseUser, supabaseCall } from '../../support/supabase.ts'
import type { TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await supabaseGateway()
})
afterAll(() => gateway?.close())

let sites = 0
/** Each from a place of its own, as whoever guesses would have it. */
const ask = (path: string, json: object) => {
  gateway.comeFrom(`198.51.${++sites >> 8}.${sites % 256}`)
  return supabaseCall(gateway, 'POST', path, { json })
}
const show = (email: string, token: string) => ask('/verify', { type: 'email', email, token })

describe('whoever guesses at the digits that are sent to one address', () => {
  it('has a hundred tries, and then a hundred a day, however many messages they ask for; the link goes on', async () => {
    const { email } = await aSupabaseUser(gateway)
    const answers: number[] = []
    for (let message = 0; message < 30; message++) {
      gateway.pass(720)
      expect((await ask('/otp', { email })).status).toBe(200)
      const { code } = await lastMessage(gateway, 'magic-link', email)
      for (let tried = 0; tried < 5; tried++) {
        answers.push((await show(email, code === '000000' ? '111111' : '000000')).status)
      }
    }
    const looked = answers.filter((status) => status === 403).length
    expect(looked).toBeGreaterThanOrEqual(100)
    // A hundred, and those of six hours.
    expect(looked).toBeLessThanOrEqual(125)
    expect(answers.at(-1)).toBe(429)
    const { code, hash } = await lastMessage(gateway, 'magic-link', email)
    const refused = await show(email, code)
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect((await ask('/verify', { type: 'email', token_hash: hash })).status).toBe(200)
    gateway.pass(3600)
    await ask('/otp', { email })
    expect((await show(email, (await lastMessage(gateway, 'magic-link', email)).code)).status).toBe(200)
  })

  it('takes no try from another address', async () => {
    const { email } = await aSupabaseUser(gateway)
    await ask('/otp', { email })
    expect((await show(email, (await lastMessage(gateway, 'magic-link', email)).code)).status).toBe(200)
  })
})
