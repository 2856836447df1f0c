import type { Session } from '@supabase/auth-js'
import { describe, expect, it } from 'vitest'
import { supabaseClock } from '../../../support/supabase-clock.ts'
import { given, refusal, type Tab } from '../../../support/supabase-tabs.ts'

const stage = supabaseClock()

const twenty = <T>(make: (index: number) => T) => Array.from({ length: 20 }, (_, index) => make(index))

/** Somebody signed in, and the refresh tokens of two refreshes, the oldest first. */
async function refreshedTwice() {
  const tab = await stage.signedIn()
  const tokens = [(await tab.session()).refresh_token]
  for (let times = 0; times < 2; times++) {
    tokens.push(given(await tab.auth.refreshSession()).session!.refresh_token)
  }
  const [first, second, third] = tokens as [string, string, string]
  return { tab, first, second, third }
}

/** What a tab that keeps nothing gets for a refresh token. */
const show = (refresh_token: string) => stage.tab().auth.refreshSession({ refresh_token })

const refreshTokenOf = ({ session }: { readonly session: Session | null }) => session?.refresh_token

describe('twenty tabs that refresh at once', () => {
  it('with what each has kept all stay signed in, round after round', async () => {
    const tab = await stage.signedIn()
    const tabs = twenty(() => stage.tab({ storage: new Map(tab.storage) }))
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(tabs.map(({ auth }) => auth.refreshSession()))
      expect(answers.map(refusal)).toEqual(twenty(() => undefined))
      // One rotation, whoever was first: the others were given what it made.
      expect(new Set(answers.map(({ data }) => refreshTokenOf(data))).size).toBe(1)
      stage.pass(30)
    }
    const users = await Promise.all(tabs.map(({ auth }) => auth.getUser()))
    expect(users.map(({ data }) => data.user?.id)).toEqual(twenty(() => tab.user.id))
    expect(tabs.flatMap(({ events }) => events)).not.toContain('SIGNED_OUT')
  })

  it('of one browser, which share what is kept, all stay signed in', async () => {
    const { storage, user } = await stage.signedIn()
    const tabs = twenty(() => stage.tab({ storage }))
    await Promise.all(tabs.map(({ auth }) => auth.refreshSession()))
    const users = await Promise.all(tabs.map(({ auth }) => auth.getUser()))
    expect(users.map(({ data }) => data.user?.id)).toEqual(twenty(() => user.id))
    expect(tabs.flatMap(({ events }) => events)).not.toContain('SIGNED_OUT')
    given(await tabs[7]!.auth.refreshSession())
  })

  it('some of which come late, with the token before the last, stay signed in', async () => {
    const tab = await stage.signedIn()
    const late = twenty(() => stage.tab({ storage: new Map(tab.storage) }))
    given(await tab.auth.refreshSession())
    stage.pass(9)
    given(await tab.auth.refreshSession())
    stage.pass(9)
    const answers = await Promise.all(late.map(({ auth }) => auth.refreshSession()))
    const current = (await tab.session()).refresh_token
    expect(answers.map(({ data }) => refreshTokenOf(data))).toEqual(twenty(() => current))
  })
})

describe('two processes on one database', () => {
  const both = supabaseClock({ instances: 2 })

  it('keep twenty tabs signed in that refresh at once, whichever each of them meets', async () => {
    const tab = await both.signedIn()
    const tabs = twenty(() => both.tab({ storage: new Map(tab.storage) }))
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(tabs.map(({ auth }) => auth.refreshSession()))
      expect(answers.map(refusal)).toEqual(twenty(() => undefined))
      expect(new Set(answers.map(({ data }) => refreshTokenOf(data))).size).toBe(1)
      both.pass(30)
    }
    const users = await Promise.all(tabs.map(({ auth }) => auth.getUser()))
    expect(users.map(({ data }) => data.user?.id)).toEqual(twenty(() => tab.user.id))
  })
})

describe('a refresh whose answer is lost', () => {
  /** A network that hears the gateway's answers to some refreshes and loses them. */
  const losing = (lost: number): typeof fetch => {
    let left = lost
    return async (url, init) => {
      const response = await fetch(url, init)
      if (!String(url).includes('grant_type=refresh_token') || left-- <= 0) return response
      await response.body?.cancel()
      throw new TypeError('fetch failed')
    }
  }

  it('is asked for again by the client itself, and succeeds', async () => {
    const { storage, user } = await stage.signedIn()
    const tab = stage.tab({ storage, fetch: losing(2) })
    const { session } = given(await tab.auth.refreshSession())
    expect(session?.user.id).toBe(user.id)
    expect(tab.calls.filter((call) => call.includes('refresh_token'))).toHaveLength(3)
    given(await tab.auth.getUser())
  })

  it.each([1, 60, 3600, 80_000])('gives the same successor %i seconds later', async (seconds) => {
    const tab = await stage.signedIn()
    const { refresh_token: before } = await tab.session()
    const made = given(await show(before)).session!.refresh_token
    stage.pass(seconds)
    const again = given(await tab.auth.refreshSession()).session!
    expect(again.refresh_token).toBe(made)
    given(await tab.auth.getUser())
    expect(given(await tab.auth.refreshSession()).session!.refresh_token).not.toBe(made)
  })
})

describe('a refresh token that is older than the one before', () => {
  it('within ten seconds of the last rotation gets the current one', async () => {
    const { first, third } = await refreshedTwice()
    stage.pass(9)
    expect(refreshTokenOf(given(await show(first)))).toBe(third)
  })

  it('later ends the session, for whoever has it', async () => {
    const { tab, first, second, third } = await refreshedTwice()
    stage.pass(11)
    expect(refusal(await show(first))).toEqual(['AuthApiError', 400, 'refresh_token_already_used'])
    for (const token of [first, second, third]) expect((await show(token)).data.session).toBeNull()
    expect(refusal(await tab.auth.getUser())?.[0]).toBe('AuthSessionMissingError')
    expect(tab.events).toContain('SIGNED_OUT')
  })

  it('ends no other session of the same person', async () => {
    const { tab, first } = await refreshedTwice()
    const other = stage.tab()
    given(await other.auth.signInWithPassword(tab))
    stage.pass(11)
    await show(first)
    given(await other.auth.getUser())
    given(await other.auth.refreshSession())
  })
})

describe('an access token', () => {
  it('that has run out is refused, and a refresh brings another', async () => {
    const tab = await stage.signedIn()
    stage.pass(3599)
    given(await tab.auth.getUser())
    // Past the tolerance for clocks as well.
    stage.pass(10)
    expect(refusal(await tab.auth.getUser())).toEqual(['AuthApiError', 403, 'bad_jwt'])
    given(await tab.auth.refreshSession())
    given(await tab.auth.getUser())
  })
})

describe.each([
  ['two minutes behind', 120],
  ['two minutes ahead', -120],
])('a client whose clock is %s', (_how, aheadSeconds) => {
  const skewed = supabaseClock({ aheadSeconds })

  it('signs in, is known, refreshes and stays signed in', async () => {
    const tab = await skewed.signedIn()
    const works = async ({ auth }: Tab) => {
      given(await auth.getUser())
      expect((await auth.getClaims()).error).toBeNull()
      given(await auth.refreshSession())
      given(await auth.getUser())
    }
    await works(tab)
    const reloaded = skewed.tab({ storage: tab.storage })
    await works(reloaded)
    const { access_token, refresh_token } = await reloaded.session()
    const other = skewed.tab()
    given(await other.auth.setSession({ access_token, refresh_token }))
    await works(other)
    expect([...tab.events, ...reloaded.events, ...other.events]).not.toContain('SIGNED_OUT')
  })
})

describe('tokens that live no longer than the margin of clients', () => {
  const brief = supabaseClock({ supabase: { accessTtlSeconds: 60 } })

  it('are refreshed at each look, and nobody is signed out', async () => {
    const tab = await brief.signedIn()
    for (let looks = 0; looks < 5; looks++) given(await tab.auth.getUser())
    const tabs = twenty(() => brief.tab({ storage: new Map(tab.storage) }))
    const users = await Promise.all(tabs.map(({ auth }) => auth.getUser()))
    expect(users.map(({ data }) => data.user?.id)).toEqual(twenty(() => tab.user.id))
  })
})
