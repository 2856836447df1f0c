import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eraseAccounts } from '../../../src/core/accounts/erase-accounts.ts'
import { anAddress, aPassword, aPerson, mailedToken, signedIn } from '../../support/people.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let token: string
beforeAll(async () => {
  gateway = await createTestGateway()
  token = await gateway.accessToken()
})
afterAll(() => gateway.close())

const profileOf = async (id: string) => {
  const [row] = await gateway.database.query('select * from profiles where id = $1', [id])
  return row
}
const idOf = async (email: string) => (await gateway.world.store.findUserByEmail(email))?.user.id ?? ''
const transactionOf = async (table: string, key: string, id: string) => {
  const [row] = await gateway.database.query(`select xmin::text from ${table} where ${key} = $1`, [id])
  return row?.['xmin']
}

describe('the profile of the application', () => {
  it('is made with whoever registers, in the same transaction, with their name and no role that they ask for', async () => {
    const email = anAddress()
    const json = {
      email,
      password: aPassword,
      name: 'Ada',
      metadata: { name: 'Not asked', role: 'admin', app_role: 'admin' },
    }
    expect((await gateway.call('POST', '/api/v1/auth/register', { json })).status).toBe(202)
    const id = await idOf(email)
    expect(await profileOf(id)).toMatchObject({ name: 'Ada', role: 'user', created_at: gateway.world.now() })
    expect(await transactionOf('profiles', 'id', id)).toBe(await transactionOf('users', 'id_user', id))
    const asked = { ...json, email: anAddress(), role: 'admin' }
    expect((await gateway.call('POST', '/api/v1/auth/register', { json: asked })).status).toBe(422)
  })

  it('is called as the metadata say where nobody gave a name', async () => {
    const named = async (metadata: object) => {
      const { id } = await aPerson(gateway, { metadata: metadata as Record<string, unknown> })
      return (await profileOf(id))?.['name']
    }
    expect(await named({ full_name: 'Grace Hopper' })).toBe('Grace Hopper')
    expect(await named({ name: 'Grace', full_name: 'Grace Hopper' })).toBe('Grace')
    expect(await named({ name: 7, full_name: 'x'.repeat(201) })).toBeNull()
    expect(await named({})).toBeNull()
  })

  it.each([
    ['/api/v1/users', { password: aPassword, email_confirmed: true }],
    ['/api/v1/users/invite', {}],
  ])('is made with whoever is added by POST %s, whatever their role here', async (path, fields) => {
    const email = anAddress()
    const json = { email, name: 'Grace', role: 'admin', ...fields }
    expect((await gateway.call('POST', path, { token, json })).status).toBe(201)
    const id = await idOf(email)
    expect(await profileOf(id)).toMatchObject({ name: 'Grace', role: 'user' })
    expect(await transactionOf('profiles', 'id', id)).toBe(await transactionOf('users', 'id_user', id))
  })

  it('is made with whoever registers at the face for MyTone', async () => {
    const email = anAddress()
    const json = { name: 'Grace', surname: 'Hopper', email, username: 'grace.h', password: aPassword }
    expect((await gateway.call('POST', '/auth/register', { json })).status).toBe(202)
    const id = await idOf(email)
    expect(await profileOf(id)).toMatchObject({ name: 'Grace', role: 'user' })
    expect(await transactionOf('profiles', 'id', id)).toBe(await transactionOf('users', 'id_user', id))
  })

  it('is not made where nobody is: of an address that is taken there is one', async () => {
    const { email } = await aPerson(gateway)
    const count = async () => (await gateway.database.query('select count(*) from profiles'))[0]?.['count']
    const before = await count()
    const again = { json: { email, password: aPassword } }
    expect((await gateway.call('POST', '/api/v1/auth/register', again)).status).toBe(202)
    expect(await count()).toBe(before)
  })

  it('is the application’s from then on: a change of name here leaves it as it is', async () => {
    const person = await aPerson(gateway, { name: 'Ada' })
    await gateway.database.query(`update profiles set name = 'As the application says', role = 'editor'
      where id = '${person.id}'`)
    const { access } = await signedIn(gateway, person)
    await gateway.call('PATCH', '/api/v1/me', { token: access, json: { name: 'Countess' } })
    const kept = { name: 'As the application says', role: 'editor' }
    expect(await profileOf(person.id)).toMatchObject(kept)
    const { body } = await gateway.call('GET', '/api/v1/me/export', { token: access })
    expect(body.data.profile).toMatchObject(kept)
  })

  it('is erased with the person, and the application’s rows that refer to it with it', async () => {
    const [gone, here] = [await aPerson(gateway, { name: 'Gone' }), await aPerson(gateway)]
    await gateway.database.query(`create table orders (
      id int primary key, customer uuid not null references profiles (id) on delete cascade)`)
    await gateway.database.query(`insert into orders values (1, '${gone.id}'), (2, '${here.id}')`)
    const { access } = await signedIn(gateway, gone)
    await gateway.call('DELETE', '/api/v1/me', { token: access, json: { password: gone.password } })
    expect(await profileOf(gone.id)).toMatchObject({ name: 'Gone' })
    gateway.pass(30 * 86_400 + 1)
    await eraseAccounts(gateway.world)
    expect(await profileOf(gone.id)).toBeUndefined()
    expect(await gateway.database.query('select id from orders')).toEqual([{ id: 2 }])
  })

  it('is what the page of users says: the application’s to refer to, to view and to change, and all it can see', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../../docs/users.md'), 'utf8')
    const [grants = '', tables = ''] = [...page.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, code]) => code)
    const role = `shop_${crypto.randomUUID().slice(0, 8)}`
    const own = grants.replaceAll('shop', role)
    const password = /password '([^']+)'/.exec(own)?.[1] ?? ''
    await gateway.database.query(own)
    const url = Object.assign(new URL(gateway.database.url), { username: role, password })
    const shop = new pg.Client({ connectionString: url.href })
    await shop.connect()
    try {
      await shop.query(tables)
      const { id } = await aPerson(gateway, { name: 'Ada' })
      await shop.query('insert into orders (customer) values ($1)', [id])
      await shop.query(`update profiles set role = 'editor', updated_at = now() where id = '${id}'`)
      const { rows } = await shop.query(`select * from customers where id = '${id}'`)
      expect(rows).toEqual([{ id, name: 'Ada', role: 'editor', orders: '1' }])
      await expect(shop.query('select * from users')).rejects.toThrow('permission denied')
      await expect(shop.query(`update profiles set id = gen_random_uuid()`)).rejects.toThrow('denied')
      await expect(shop.query(`delete from profiles`)).rejects.toThrow('denied')
    } finally {
      await shop.end()
      await gateway.database.query(`drop owned by ${role} cascade; drop role ${role}`)
    }
  })

  it('is there for whoever accepts an invitation, as it was', async () => {
    const email = anAddress()
    await gateway.call('POST', '/api/v1/users/invite', {
      token: await gateway.accessToken(),
      json: { email },
    })
    const before = await profileOf(await idOf(email))
    const json = { token: await mailedToken(gateway, 'invite', email), password: aPassword, name: 'Later' }
    expect((await gateway.call('POST', '/api/v1/auth/invite/accept', { json })).status).toBe(200)
    expect(await profileOf(await idOf(email))).toEqual(before)
  })
})
