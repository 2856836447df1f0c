import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

let database: TestDatabase
let gateway: GatewayProcess
let command: GuichetCommand
let guichet: GuichetCommand['run']
let adminKey: string
const keys: string[] = []

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  adminKey = await gateway.firstKey()
  keys.push(adminKey)
  command = await guichetCommand(() => ({ GUICHET_URL: gateway.url, GUICHET_API_KEY: adminKey }))
  guichet = command.run
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await command.remove()
})

const exchange = (apiKey: string) => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

describe('the command line', () => {
  it('takes a key from the making of its client to its end', async () => {
    const client = await guichet('clients create billing --permission orders:read --permission orders:write')
    expect(client).toMatchObject({ code: 0, stderr: '' })
    expect(client.json).toMatchObject({ name: 'billing', permissions: ['orders:read', 'orders:write'] })

    const created = await guichet('keys create --client Billing --name ci --permission orders:read')
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect(created.json).toMatchObject({ client_id: client.json.id, permissions: ['orders:read'] })
    const { id, api_key } = created.json
    keys.push(api_key)
    expect((await exchange(api_key)).status).toBe(200)

    const listed = await guichet(`keys list --client ${client.json.id}`)
    expect(listed.json).toMatchObject([{ id, name: 'ci', revoked_at: null }])
    expect(listed.stdout).not.toContain(api_key)

    const revoked = await guichet(`keys revoke ${id}`)
    expect(revoked.code).toBe(0)
    expect(revoked.json.revoked_at).toEqual(expect.any(String))
    expect((await exchange(api_key)).body.error.code).toBe('api_key_revoked')
  })

  it('prints a table when one is asked for, with a new key alone on its line', async () => {
    await guichet('clients create reports --permission orders:read')
    const { stdout } = await guichet('keys create --client reports --name ci --expires-in 90d --table')
    const lines = stdout.split('\n')
    const key = lines.find((line) => /^gk_[0-9A-Za-z]+$/.test(line))
    expect(key).toBeDefined()
    keys.push(key!)
    expect((await exchange(key!)).status).toBe(200)
    expect(stdout).toContain('not shown again')
    expect(lines[0]).toMatch(/^ID +NAME +STATE +PERMISSIONS +CREATED +EXPIRES$/)

    const list = await guichet('--no-json clients list')
    expect(list.stdout).toMatch(/^ID +NAME +STATE +PERMISSIONS +CREATED\n/)
    expect(list.stdout).toMatch(/ reports +active +orders:read +\d{4}-/)
  })

  it('lists a client whose keys fill more than one page to the end', async () => {
    const { json: client } = await guichet('clients create crowd')
    await database.query(
      `insert into api_keys (id, client_id, name, prefix, permissions, digest, created_at, version)
       select 'crowd' || lpad(n::text, 7, '0'), $1, 'key ' || n, 'gk', '{}', 'none.none', now(), 1
       from generate_series(1, 401) as n`,
      [client.id],
    )
    const { json } = await guichet('keys list --client crowd')
    expect(new Set(json.map((key: { id: string }) => key.id)).size).toBe(401)
  })

  it('uses the key of the first start when no other is given, and says so', async () => {
    const { code, stderr } = await guichet('clients list', { GUICHET_API_KEY: '', DATA_DIR: gateway.dataDir })
    expect(code).toBe(0)
    expect(stderr).toBe(
      `guichet: GUICHET_API_KEY is not set; using the key in ${join(gateway.dataDir, 'first-key')}\n`,
    )
  })

  it('asks for no more than the command needs', async () => {
    await guichet('clients create reader --permission keys:read')
    const { json } = await guichet('keys create --client reader --name only-reads')
    keys.push(json.api_key)
    const reader = { GUICHET_API_KEY: json.api_key }
    expect((await guichet('clients list', reader)).code).toBe(0)
    expect(await guichet('keys revoke 000000000000', reader)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('keys:write is not held. (permissions_not_held, '),
    })
  })

  it('prints its version, and a bare secret even into a pipe', async () => {
    const [version, bare, json] = await Promise.all([
      guichet('--version'),
      guichet('secret generate'),
      guichet('secret generate --json'),
    ])
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(bare.stdout).toMatch(/^[0-9A-Za-z]{48}\n$/)
    expect(json.json.secret).toMatch(/^[0-9A-Za-z]{48}$/)
  })

  it('ends every help with examples, and the first with the exit codes', async () => {
    const commands = ['', 'clients', 'clients create', 'clients list', 'keys', 'keys create', 'keys list']
    const more = [
      'keys revoke',
      'routes',
      'routes check',
      'routes try',
      'migrate',
      'backup',
      'restore',
      'secret',
      'secret generate',
      'supabase',
      'supabase keys',
      'doctor',
      'completion',
    ]
    const helps = await Promise.all(
      [...commands, ...more].map((command) => guichet(`${command} --help`.trim())),
    )
    for (const { code, stdout } of helps) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/\nExamples?:\n {2}\$ /)
    }
    expect(helps[0]?.stdout).toMatch(/3 {2}the gateway cannot be reached/)
  })
})

describe('the end of a command', () => {
  it('is 1 when the gateway refuses, with its code and the request id in one line', async () => {
    const { code, stdout, stderr } = await guichet('keys revoke 000000000000')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^guichet: There is no such key\. \(key_not_found, [0-9a-f-]{36}\)\n$/)
  })

  it.concurrent.each([
    ['keyz list', "unknown command 'keyz' (Did you mean keys?)"],
    ['keys lst', "unknown command 'lst' (Did you mean list?)"],
    ['keys list', "required option '--client <client>' not specified"],
    ['keys create --client a --name b --expires-in soon', 'It looks like 30m, 12h, 90d or 52w.'],
    [
      'keys create --client a --name b --expires-at 2030-01-01T00:00:00',
      'It looks like 2030-01-01T00:00:00Z',
    ],
    [
      'keys create --client a --name b --expires-in 1d --expires-at 2030-01-01T00:00:00Z',
      'cannot be used with',
    ],
    ['clients list --json --table', 'Choose one of --json and --table.'],
  ])('is 2 for the wrong usage `%s`', async (args, message) => {
    const { code, stdout, stderr } = await guichet(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^guichet: [^\n]+\n$/)
    expect(stderr).toContain(message)
  })

  it('is 2 without a key, and with a GUICHET_URL that is none', async () => {
    expect((await guichet('clients list', { GUICHET_API_KEY: '' })).code).toBe(2)
    expect((await guichet('clients list', { GUICHET_URL: 'localhost:3000' })).code).toBe(2)
  })

  it('is 1 when GUICHET_URL lacks the base path, and says that', async () => {
    const { code, stderr } = await guichet('clients list', { GUICHET_URL: `${gateway.url}/elsewhere/` })
    expect(code).toBe(1)
    expect(stderr).toContain(`There is no Guichet gateway at ${gateway.url}/elsewhere (status 401).`)
  })

  it('is 3 when nothing listens', async () => {
    expect(await guichet('clients list', { GUICHET_URL: 'http://127.0.0.1:1' })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('guichet: No gateway answers at http://127.0.0.1:1 ('),
    })
  })

  it('is 3 when a proxy has no gateway behind it, and 1 when it sends the key elsewhere', async () => {
    const elsewhere: string[] = []
    const proxy = createServer((request, response) => {
      elsewhere.push(request.url ?? '')
      if (request.url?.startsWith('/down/')) response.writeHead(502).end('<html>')
      else response.writeHead(307, { Location: '/other' }).end()
    })
    const url = await listening(proxy)
    expect((await guichet('clients list', { GUICHET_URL: `${url}/down` })).code).toBe(3)
    expect((await guichet('clients list', { GUICHET_URL: `${url}/moved/` })).code).toBe(1)
    expect(elsewhere).toEqual(['/down/api/v1/auth/token/', '/moved/api/v1/auth/token/'])
    proxy.close()
  })
})

describe('the completion', () => {
  it('offers in bash what may follow', async () => {
    const { stdout } = await guichet('completion bash')
    const complete = (words: string) => {
      const count = words.split(' ').length - 1
      const ask = `COMP_WORDS=(${words}); COMP_CWORD=${count}; _guichet; echo "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['-c', `${stdout}\n${ask}`], { encoding: 'utf8' }).trim()
    }
    expect(complete("guichet ''")).toMatch(/^clients keys sessions tokens /)
    expect(complete('guichet ke')).toBe('keys')
    expect(complete('guichet keys re')).toBe('retire revoke')
    expect(complete('guichet --json keys create --exp')).toBe('--expires-at --expires-in')
    expect(complete("guichet completion ''")).toMatch(/^bash zsh fish /)
  })

  it('knows every command in zsh and fish', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { stdout } = await guichet(`completion ${shell}`)
      for (const path of ['clients list', 'keys create', 'routes try', 'secret generate'])
        expect(stdout).toContain(path)
    }
  })
})

describe('a key', () => {
  it('never comes to stderr, not even when it is typed in a wrong place', async () => {
    await guichet('clients list', { GUICHET_API_KEY: `${adminKey}x` })
    await guichet(`keys revoke ${adminKey}`)
    await guichet(adminKey)
    for (const key of keys) expect(command.complaints()).not.toContain(key)
    // Nor does the token that it was exchanged for.
    expect(command.complaints()).not.toMatch(/eyJ/)
  })
})

async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
