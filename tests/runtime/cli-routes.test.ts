import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databaseFolder } from '../../src/runtime/data-folder.ts'
import { lockFolder } from '../../src/runtime/folder-lock.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { startTestServer } from '../support/running-gateway.ts'

const routes = `
upstreams: { orders: http://127.0.0.1:8080/base }
routes:
  - { name: status, path: /status, methods: [GET], public: true, upstream: orders }
  - { name: watched, path: /watched, permissions: [never:held], mode: shadow, upstream: orders }
  - name: orders
    path: /orders/*
    hosts: [api.example.com]
    permissions: [orders:read]
    strip_prefix: /orders
    upstream: orders
    identity_token: { audience: https://orders }
  - { name: late, path: /orders/:id, hosts: [api.example.com], upstream: { binding: ORDERS } }
`

let command: GuichetCommand
let guichet: GuichetCommand['run']

beforeAll(async () => {
  command = await guichetCommand()
  guichet = command.run
  await writeFile(join(command.folder, 'routes.yaml'), routes)
})

afterAll(() => command.remove())

describe('guichet routes check', () => {
  it('shows the routes, and warns of what may be a slip', async () => {
    const [table, json] = await Promise.all([
      guichet('routes check routes.yaml --table'),
      guichet('routes check -', {}, routes),
    ])
    expect(table).toMatchObject({ code: 0, stderr: '' })
    expect(
      table.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/ {2,}/g, ' | ')),
    ).toEqual([
      'NAME | HOSTS | METHODS | PATH | UPSTREAM | ASKS FOR | MODE',
      'status | - | GET | /status | http://127.0.0.1:8080/base | nothing | enforce',
      'watched | - | - | /watched | http://127.0.0.1:8080/base | never:held | shadow',
      'orders | api.example.com | - | /orders/* | http://127.0.0.1:8080/base | orders:read | enforce',
      'late | api.example.com | - | /orders/:id | binding:ORDERS | token | enforce',
      '',
      'Warning: routes.3 is never reached: routes.2 takes all its calls',
      'Warning: routes.3 names a service binding, which only Workers have',
    ])
    expect(json.json).toMatchObject({
      valid: true,
      routes: [{ name: 'status', public: true }, { mode: 'shadow' }, {}, {}],
      warnings: [{ path: 'routes.3' }, { path: 'routes.3' }],
    })
  })

  it('tells every fault in a line with its path, and ends with 1', async () => {
    const faulty = 'routes: [{ path: x }, { path: /a, timeouts: { connect_ms: 0 }, upstream: nobody }]'
    const [faults, absent] = await Promise.all([
      guichet('routes check - --table', {}, faulty),
      guichet('routes check nothing.yaml'),
    ])
    expect(faults).toMatchObject({ code: 1, stderr: '' })
    expect(faults.stdout.trimEnd().split('\n')).toEqual([
      'routes.0.path must be a path like /orders/:id or /orders/*',
      'routes.1.timeouts.connect_ms must be a whole number of milliseconds from 1 to 3600000',
    ])
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing.yaml') })
  })
})

describe('guichet routes try', () => {
  it('says which route takes a call, why others do not, and what its upstream would see', async () => {
    const url = 'https://api.example.com/Orders/7?x=1'
    const { code, stdout } = await guichet(
      `routes try get ${url} --file routes.yaml --address 203.0.113.9 --table`,
    )
    expect(code).toBe(0)
    expect(stdout.replace(/ {2,}/g, ' | ').split('\n')).toEqual(
      expect.arrayContaining([
        'ROUTE | TAKES IT | WHY NOT',
        'status | no | other path',
        'orders | yes',
        'Route orders: asks for a token with orders:read.',
        'Upstream orders sees GET /base/7?x=1, and of the gateway:',
        ' | X-Forwarded-For: 203.0.113.9',
        ' | X-Auth-Subject:',
      ]),
    )
    expect(stdout).not.toContain('late')
  })

  it('tells calls that no route takes, odd paths and paths of the gateway itself apart', async () => {
    const env = { ROUTES: routes }
    const [deleted, elsewhere, odd, own, open] = await Promise.all([
      guichet('routes try DELETE /status', env),
      guichet('routes try GET https://other.test/orders/7', env),
      guichet('routes try GET /orders/..%2fadmin', env),
      guichet('routes try GET /api/v1/nothing?x', env),
      guichet('routes try GET /status/', env),
    ])
    expect(deleted.json).toMatchObject({ verdict: 'refused', code: 'method_not_allowed', host: null })
    expect(deleted.json.routes[0]).toEqual({ name: 'status', mismatches: ['method'] })
    expect(elsewhere.json).toMatchObject({ verdict: 'refused', code: 'not_found', rule: null })
    expect(elsewhere.json.routes[2]).toEqual({ name: 'orders', mismatches: ['host'] })
    expect(odd.json).toMatchObject({ code: 'path_refused', problem: 'odd characters', routes: [] })
    expect(own.json).toEqual({ method: 'GET', host: null, target: '/api/v1/nothing?x', own: true })
    expect(open.json).toMatchObject({ verdict: 'allowed', rule: { name: 'status', public: true } })
  })

  it('is told what is wrong in one line', async () => {
    const [nothing, relative, faulty] = await Promise.all([
      guichet('routes try GET /a'),
      guichet('routes try GET a'),
      guichet('routes try GET /a', { ROUTES: 'routes: [{ path: x }]' }),
    ])
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('give --file') })
    expect(relative).toMatchObject({ code: 2, stderr: expect.stringContaining('or a path like') })
    expect(faulty).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^guichet: [^\n]+routes\.0\.path[^\n]+\n$/),
    })
  })

  it('says with a key whether it would be let through, and writes nothing', async () => {
    const server = await startTestServer({ ROUTES: routes })
    const order = { allowed_cidrs: ['203.0.113.0/24'], quota: 10 }
    const { id } = await server.key(['orders:read'], order)
    const counts = () =>
      server.database.query(
        'select (select count(*) from signing_keys) as keys, (select count(*) from key_quotas) as quotas',
      )
    const before = await counts()
    const env = { ROUTES: routes, DATABASE_URL: server.database.url, GUICHET_SECRET: 'x'.repeat(32) }
    const call = 'routes try GET https://api.example.com/orders/7'
    const [inside, outside, watched, unknown, table] = await Promise.all([
      guichet(`${call} --key ${id} --address 203.0.113.9`, env),
      guichet(`${call} --key ${id} --address 192.0.2.1`, env),
      guichet(`routes try GET /watched --key ${id} --address 203.0.113.9`, env),
      guichet(`${call} --key 000000000000`, env),
      guichet(`${call} --key ${id} --address 203.0.113.9 --table`, env),
    ])
    expect(inside.json).toMatchObject({ verdict: 'allowed', rule: { name: 'orders' } })
    const { headers } = inside.json.rule.upstream
    expect(headers).toMatchObject({ 'X-Auth-Key-Id': id, 'X-Auth-Scope': 'orders:read' })
    expect(headers.Authorization).toBe('Bearer (a token for https://orders)')
    expect(outside.json).toMatchObject({ verdict: 'refused', code: 'address_not_allowed' })
    expect(watched.json).toMatchObject({ verdict: 'allowed', code: 'insufficient_permissions' })
    expect(unknown.json).toMatchObject({ verdict: 'refused', code: 'key_not_found' })
    expect(table.stdout).toContain('\nAllowed.\n\nRoute orders: asks for a token with orders:read.\n')
    expect(await counts()).toEqual(before)

    // The running gateway says the same.
    const asked = 'explain GET /orders/7 --host api.example.com --address 203.0.113.9'
    const running = { GUICHET_URL: server.url, GUICHET_API_KEY: server.adminKey }
    const [told, shown] = await Promise.all([
      guichet(`${asked} --key ${id}`, running),
      guichet(`${asked} --key ${id} --table`, running),
    ])
    expect(told.json.rule).toEqual(inside.json.rule)
    expect(shown.stdout).toContain(table.stdout.slice(table.stdout.indexOf('\nAllowed.')))
    await server.remove()
  })

  it('sends you to the running gateway when that has the embedded database', async () => {
    const dataDir = join(command.folder, 'busy')
    await mkdir(databaseFolder(dataDir), { recursive: true })
    const lock = await lockFolder(dataDir)
    const env = { ROUTES: routes, DATA_DIR: dataDir }
    const { code, stderr } = await guichet('routes try GET /watched --key 000000000000', env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^guichet: Another process[^\n]+`guichet explain`\.\n$/)
    await lock.release()
  })
})

describe('guichet doctor', () => {
  const routesCheck = async (env: Record<string, string>) => {
    const { code, json } = await guichet('doctor', { DATA_DIR: join(command.folder, 'nothing'), ...env })
    return { code, ...json.checks.find(({ check }: { check: string }) => check === 'routes') }
  }

  it('counts the routes, warns of a slip and fails on a fault', async () => {
    const [fine, slip, fault] = await Promise.all([
      routesCheck({ UPSTREAM_URL: 'http://127.0.0.1:8080' }),
      routesCheck({ ROUTES_FILE: join(command.folder, 'routes.yaml') }),
      routesCheck({ ROUTES: 'routes: [{ path: x }, { path: y }]' }),
    ])
    expect(fine).toMatchObject({ code: 0, status: 'ok', finding: '1 can be used, 0 of them public.' })
    expect(slip).toMatchObject({ code: 0, status: 'warn', finding: '4 can be used, 1 of them public.' })
    expect(slip.remedy).toContain('routes.3 is never reached')
    expect(fault).toMatchObject({ code: 1, status: 'fail' })
    expect(fault.finding).toBe('routes.0.path must be a path like /orders/:id or /orders/*, and 1 more.')
  })
})
