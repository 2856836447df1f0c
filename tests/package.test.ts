import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuichetFetch } from '../src/client/guichet-fetch.ts'
import { call } from './support/call.ts'
import { freshDatabase, type TestDatabase } from './support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from './support/gateway-process.ts'
import { startWorkerOf } from './support/worker.ts'

const root = resolve(import.meta.dirname, '..')
const run = promisify(execFile)
const page = (name: string) => readFile(join(root, 'docs', name), 'utf8')
const javascript = (markdown: string) =>
  [...markdown.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code)

/** Somebody's project: the packed gateway is installed, with jose and the frameworks. */
let project: string
let packed: readonly string[]
let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'guichet-test-package-'))
  database = await freshDatabase()
  const [started] = await Promise.all([startGateway(), install()])
  gateway = started
  apiKey = await gateway.firstKey()
  await writeExamples()
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await rm(project, { recursive: true, force: true })
})

function startGateway(): Promise<GatewayProcess> {
  const names = {
    PUBLIC_URL: 'https://gateway.example.com',
    AUDIENCE: 'https://gateway.example.com,https://orders.example.com',
  }
  const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, ...names }
  return startGatewayProcess(env, { dataDir: join(project, 'data') })
}

async function install(): Promise<void> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: root, env })
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const tarball = join(project, `guichet-${version}.tgz`)
  packed = (await run('tar', ['-tzf', tarball])).stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, 'guichet'), { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', join(modules, 'guichet'), '--strip-components=1'])
  for (const name of ['jose', 'hono', 'express', 'fastify']) {
    await symlink(join(root, 'node_modules', name), join(modules, name))
  }
  await writeFile(join(project, 'package.json'), '{"type":"module"}')
}

/** The examples of the documentation, as files beside each other. The key set is where the gateway really is. */
async function writeExamples(): Promise<void> {
  const [verifier, ...guards] = javascript(await page('verify.md'))
  const [client] = javascript(await page('client.md'))
  const jwksUrl = `  jwksUrl: '${gateway.url}/.well-known/jwks.json',\n`
  const examples = {
    verifier: verifier?.replace(/^ {2}audience/m, `${jwksUrl}$&`),
    ...Object.fromEntries(['hono', 'express', 'fastify', 'fetch'].map((name, n) => [name, guards[n]])),
    client,
  }
  for (const [name, code = ''] of Object.entries(examples)) await writeFile(join(project, `${name}.js`), code)
}

async function inNode(script: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project, env })
  return stdout.trim()
}

describe('the package', () => {
  it('holds the libraries, and of all else only what npm takes by itself', () => {
    const library = /^dist\/(?:verify|client|core)\/[a-z/-]+\.(?:js|d\.ts)$/
    const others = packed.filter((path) => !library.test(path))
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json', 'src/runtime/cli.ts'])
  })

  it('has the file of every export', async () => {
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    const files = Object.values<string | Record<string, string>>(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    expect(files.filter((file) => !packed.includes(file.slice(2)))).toEqual([])
  })

  it('has types that hold without those of Node', async () => {
    const code = `
      import { createGuichetFetch, GuichetError } from 'guichet/client'
      import { createVerifier, type Principal } from 'guichet/verify'
      import { requireToken as inExpress } from 'guichet/verify/express'
      import { requireToken as inFastify } from 'guichet/verify/fastify'
      import { requireToken } from 'guichet/verify/fetch'
      import { requireToken as inHono } from 'guichet/verify/hono'
      const verifier = createVerifier({ issuer: 'a', audience: ['b'], fetch })
      const verdict = await verifier.verify('c')
      export const principal: Principal | undefined = verdict.ok ? verdict.principal : undefined
      export const handler = requireToken(verifier)((_request, { subject }, n: number) => new Response(subject + n))
      export const one: Promise<Response> = handler(new Request('d'), 1)
      // @ts-expect-error: the third argument is a number
      handler(new Request('d'), 'e')
      export const guards = [inExpress(verifier), inFastify(verifier), inHono(verifier)]
      export const guichetFetch: typeof fetch = createGuichetFetch({ url: 'f', apiKey: 'g' })
      export const code: string = new GuichetError('h', { code: 'i' }).code
    `
    await writeFile(join(project, 'types.ts'), code)
    const options =
      '--noEmit --strict --exactOptionalPropertyTypes --target es2023 --lib es2023,dom --module nodenext'
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const args = [tsc, ...options.split(' '), '--types', '', 'types.ts']
    const { stdout } = await run(process.execPath, args, { cwd: project }).catch((failed) => failed)
    expect(stdout).toBe('')
  })
})

describe('the examples, from the packed libraries in Node', () => {
  it('exchange a key and call the gateway', async () => {
    const subject = await inNode("await import('./client.js')", {
      GUICHET_URL: gateway.url,
      GUICHET_API_KEY: apiKey,
    })
    expect(subject).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('verify a token, and guard a route under each framework', async () => {
    const { data } = (await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })).body
    const client = decodeJwt(data.access).sub
    const said = await inNode(
      `
      import { whoMayRead } from './verifier.js'
      import hono from './hono.js'
      import { app as expressApp } from './express.js'
      import { app as fastifyApp } from './fastify.js'
      import worker from './fetch.js'
      const headers = { authorization: 'Bearer ' + process.env.ACCESS }
      const server = expressApp.listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const upstreams = {
        hono: (init) => hono.request('/orders', init),
        express: (init) => fetch('http://127.0.0.1:' + server.address().port + '/orders', init),
        fastify: async (init) => {
          const answer = await fastifyApp.inject({ url: '/orders', ...init })
          return { status: answer.statusCode, json: () => answer.json() }
        },
        fetch: (init) => worker.fetch(new Request('http://x/orders', init)),
      }
      const said = { verifier: [await whoMayRead(process.env.ACCESS)] }
      for (const [name, call] of Object.entries(upstreams)) {
        const answers = [await call({ headers }), await call({})]
        said[name] = [answers.map(({ status }) => status), (await answers[0].json()).client]
      }
      server.close()
      console.log(JSON.stringify(said))
      `,
      { ACCESS: data.access },
    )
    const guarded = [[200, 401], client]
    expect(JSON.parse(said)).toEqual({
      verifier: [client],
      hono: guarded,
      express: guarded,
      fastify: guarded,
      fetch: guarded,
    })
  })
})

describe('the packed verifier in workerd', () => {
  it('guards a Worker without compatibility flags, called by the client', async () => {
    const wrangler = 'name = "orders"\nmain = "fetch.js"\ncompatibility_date = "2026-10-30"\n'
    await writeFile(join(project, 'wrangler.toml'), wrangler)
    const worker = await startWorkerOf(join(project, 'wrangler.toml'))
    try {
      const guichetFetch = createGuichetFetch({ url: gateway.url, apiKey, origins: [worker.url] })
      const answer = await guichetFetch(worker.url)
      expect([answer.status, await answer.json()]).toEqual([200, { client: expect.any(String) }])
      const refused = await call('GET', worker.url, { token: 'a.b.c' })
      expect([refused.status, refused.body.error.code]).toEqual([401, 'invalid_token'])
    } finally {
      await worker.stop()
    }
  })
})
