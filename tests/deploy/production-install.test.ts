import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'

const root = resolve(import.meta.dirname, '../..')
const text = (file: string) => readFileSync(join(root, file), 'utf8')

/** Debian's `nobody`: as root, the gateway of this test runs as somebody else. */
const NOBODY = 65_534
const somebodyElse = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** A package of the lock: who asks for it. */
interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
}

describe('the sources', () => {
  it('import nothing that is installed for developers alone', () => {
    const named = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
      [...text(file).matchAll(/^(?:import|export)\s(?!type\s)[^'";]*?from '([^'.][^']*)'/gm)]
        .concat([...text(file).matchAll(/\bimport\((?:\/\*.*?\*\/)?\s*'([^'.][^']*)'\)/g)])
        .map(([, from = '']) => from),
    )
    const packages = named
      .filter((from) => !isBuiltin(from) && !from.startsWith('cloudflare:'))
      .map((from) => from.split('/', from.startsWith('@') ? 2 : 1).join('/'))
    expect(packages).toContain('hono')
    expect([...new Set(packages)].filter((name) => !(name in manifest.dependencies))).toEqual([])
  })
})

describe('npm start', () => {
  it('gives Node what the image and the unit give it', () => {
    const { start } = manifest.scripts
    expect(text('Dockerfile')).toContain(`CMD ["${start.split(' ').join('", "')}"]`)
    expect(text('deploy/systemd/guichet.service')).toContain(`ExecStart=/usr/bin/${start}\n`)
  })
})

describe('what the image copies, with the packages of production alone', () => {
  let folder: string
  let data: string
  let database: TestDatabase
  let child: ChildProcess
  let output = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guichet-test-install-'))
    data = await mkdtemp(join(tmpdir(), 'guichet-test-data-'))
    if (somebodyElse.uid !== undefined) await chown(data, NOBODY, NOBODY)
    await Promise.all([copyWhatTheImageCopies(), copyPackages()])
    await forbidWriting(folder)
    await chmod(folder, 0o555)
    database = await freshDatabase()
    child = spawn(process.execPath, ['src/runtime/node.ts'], {
      cwd: folder,
      ...somebodyElse,
      env: {
        PORT: '0',
        NODE_ENV: 'production',
        DATA_DIR: data,
        DATABASE_URL: database.url,
        GUICHET_SECRET: testSecret,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    const exited = once(child, 'exit')
    while (!output.includes('"ready"')) {
      const [chunk] = await Promise.race([once(child.stdout!, 'data'), exited.then(() => [undefined])])
      if (chunk === undefined) throw new Error(`It did not start:\n${output}`)
    }
  }, 120_000)

  afterAll(async () => {
    child?.kill('SIGKILL')
    await database?.drop()
    // Of a folder that nobody may write to, its owner may not delete either.
    await allowWriting(folder)
    for (const made of [folder, data]) await rm(made, { recursive: true, force: true })
  })

  async function copyWhatTheImageCopies(): Promise<void> {
    const copied = [...text('Dockerfile').matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    )
    for (const name of copied) await cp(join(root, name), join(folder, name), { recursive: true })
  }

  /** As `npm ci --omit=dev --omit=optional` would install them, from those that are installed here. */
  async function copyPackages(): Promise<void> {
    const packages: Readonly<Record<string, Locked>> = lock.packages
    const shipped = Object.keys(packages).filter((path) => {
      const { dev, devOptional, optional } = packages[path] ?? {}
      return path !== '' && !dev && !devOptional && !optional
    })
    for (const path of shipped) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      const isOwn = (file: string) => !file.slice(join(root, path).length).includes('/node_modules')
      await cp(join(root, path), join(folder, path), { recursive: true, filter: isOwn })
    }
  }

  it('starts and serves as somebody who may write to none of it', async () => {
    const url = /"listening":"([^"]+)"/.exec(output)?.[1]
    expect((await call('GET', `${url}/health/ready`)).status).toBe(200)
    const apiKey = readFileSync(join(data, 'first-key'), 'utf8').trim()
    const { access } = (await call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })).body.data
    expect((await call('GET', `${url}/api/v1/me`, { token: access })).status).toBe(200)
    expect(await readdir(data)).toEqual(['first-key'])
  })

  it('has every command', async () => {
    const doctor = spawn(process.execPath, ['src/runtime/cli.ts', 'doctor'], {
      cwd: folder,
      ...somebodyElse,
      env: { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, DATA_DIR: data },
    })
    let said = ''
    doctor.stdout.on('data', (chunk) => {
      said += chunk
    })
    const [code] = await once(doctor, 'exit')
    expect([code, JSON.parse(said).healthy]).toEqual([0, true])
  })
})

async function forbidWriting(folder: string): Promise<void> {
  await setModes(folder, { file: 0o444, folder: 0o555 })
}

async function allowWriting(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  await setModes(folder, { file: 0o644, folder: 0o755 })
}

/** From the outside to the inside, so that each is still to be reached. */
async function setModes(
  folder: string,
  modes: { readonly file: number; readonly folder: number },
): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) continue
    await chmod(path, entry.isDirectory() ? modes.folder : modes.file)
    if (entry.isDirectory()) await setModes(path, modes)
  }
}
