import { createClient } from '@supabase/supabase-js'
import { afterAll, describe, expect, it } from 'vitest'
import { guichetCommand } from '../../../support/guichet-command.ts'
import { startRecordingUpstream } from '../../../support/recording-upstream.ts'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given } from '../../../support/supabase-tabs.ts'

// Where an application's tables are, as PostgREST serves them.
const tables = await startRecordingUpstream((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('[{"id":1}]')
})
afterAll(() => tables.close())

const stage = supabaseStage({
  SUPABASE_AUTOCONFIRM: 'on',
  ROUTES: JSON.stringify({ routes: [{ path: '/rest/v1/*', permissions: [], upstream: tables.url }] }),
})

const base = () => stage.faceUrl().replace(/\/auth\/v1$/, '')
const auth = { persistSession: false, autoRefreshToken: false }

describe('createClient, with an address and a key alone', () => {
  it('signs up, signs in, reads the user and signs out', async () => {
    const client = createClient(base(), stage.publicKey(), { auth })
    const email = aStranger()
    given(await client.auth.signUp({ email, password: aPassword }))
    expect((await client.auth.signOut()).error).toBeNull()
    given(await client.auth.signInWithPassword({ email, password: aPassword }))
    expect(given(await client.auth.getUser()).user.email).toBe(email)
    expect((await client.auth.getClaims()).data?.claims.email).toBe(email)
  })

  it('works with the keys that the command line prints', async () => {
    const command = await guichetCommand(() => ({ GUICHET_URL: base(), GUICHET_API_KEY: stage.adminKey() }))
    const { stdout } = await command.run('supabase keys')
    await command.remove()
    const [, publishable = ''] = /^SUPABASE_PUBLISHABLE_KEY=(\S+)$/m.exec(stdout) ?? []
    const [, secret = ''] = /^SUPABASE_SECRET_KEY=(\S+)$/m.exec(stdout) ?? []
    const email = aStranger()
    const wish = { email, password: aPassword, email_confirm: true }
    given(await createClient(base(), secret, { auth }).auth.admin.createUser(wish))
    const page = createClient(base(), publishable, { auth })
    given(await page.auth.signInWithPassword(wish))
    expect((await page.auth.admin.listUsers()).error).toMatchObject({ status: 403, code: 'not_admin' })
  })

  it('administers people by the secret key', async () => {
    const client = createClient(base(), stage.secretKey(), { auth })
    const email = aStranger()
    const { user } = given(await client.auth.admin.createUser({ email, password: aPassword }))
    expect(given(await client.auth.admin.getUserById(user.id)).user.email).toBe(email)
    const { users } = given(await client.auth.admin.listUsers())
    expect(users.map(({ id }) => id)).toContain(user.id)
  })

  it('reaches the tables behind the gateway with the token of whoever has signed in', async () => {
    const client = createClient(base(), stage.publicKey(), { auth })
    const { session } = given(await client.auth.signUp({ email: aStranger(), password: aPassword }))
    const { data, status } = await client.from('todos').select('id')
    expect([status, data]).toEqual([200, [{ id: 1 }]])
    expect(tables.seen.at(-1)).toMatchObject({ method: 'GET', target: '/rest/v1/todos?select=id' })
    // A sign-out is heard of behind the gateway as well.
    const stale = createClient(base(), stage.publicKey(), {
      auth,
      accessToken: async () => session!.access_token,
    })
    expect((await stale.from('todos').select('id')).status).toBe(200)
    expect((await client.auth.signOut()).error).toBeNull()
    await expect.poll(async () => (await stale.from('todos').select('id')).status).toBe(401)
  })
})
