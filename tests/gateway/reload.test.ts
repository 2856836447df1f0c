import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

let folder: string
let upstream: RecordingUpstream
let gateway: TestServer
const held: ServerResponse[] = []

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response) => {
    if (request.url === '/held') held.push(response)
    else response.end('ok')
  })
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-rules-'))
  await symlink('..data/routes.yaml', join(folder, 'routes.yaml'))
  await put('first', rules('/first/*', '/held'))
  gateway = await startTestServer({ ROUTES_FILE: join(folder, 'routes.yaml') })
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
  if (folder !== undefined) await rm(folder, { recursive: true })
})

/** As Kubernetes mounts a ConfigMap: a new folder, and then, at one stroke, another link to it. */
async function put(version: string, text: string): Promise<void> {
  await mkdir(join(folder, version))
  await writeFile(join(folder, version, 'routes.yaml'), text)
  await symlink(version, join(folder, 'next'))
  await rename(join(folder, 'next'), join(folder, '..data'))
}

function rules(...paths: readonly string[]): string {
  return [
    'routes:',
    ...paths.map((path) => `  - { path: "${path}", public: true, upstream: "${upstream.url}" }`),
  ].join('\n')
}

const status = async (path: string) => (await gateway.call('GET', path)).status
const complaints = () => gateway.lines.filter(({ msg }) => String(msg).startsWith('the changed routes'))

describe('a changed file of routes', () => {
  it('takes effect at one stroke, and drops no call that is under way', async () => {
    expect([await status('/first/1'), await status('/second/1')]).toEqual([200, 401])
    const underway = gateway.call('GET', '/held')
    await expect.poll(() => held.length).toBe(1)
    await put('second', rules('/second/*'))
    await expect.poll(() => status('/second/1')).toBe(200)
    expect([await status('/first/1'), await status('/held')]).toEqual([401, 401])
    held[0]?.end('at last')
    expect((await underway).text).toBe('at last')
  })

  it('with a fault changes nothing, ends nothing, and is told in the log', async () => {
    // Each of these ended the process.
    const bomb = `a: &a [x,x]\nb: &b [${Array(60).fill('*a').join()}]\nc: [${Array(60).fill('*b').join()}]`
    const faulty = [rules('/third/:id{[}'), bomb]
    for (const [index, text] of faulty.entries()) {
      await put(`faulty-${index}`, text)
      await expect.poll(() => complaints().length).toBe(index + 1)
      expect([await status('/second/1'), await status('/third/1')]).toEqual([200, 401])
    }
    expect(JSON.stringify(complaints()[0])).toContain('routes.0.path')
    await unlink(join(folder, '..data'))
    await expect.poll(() => complaints().length).toBe(3)
    expect(await status('/second/1')).toBe(200)
    await put('third', rules('/third/*'))
    await expect.poll(() => status('/third/1')).toBe(200)
  })
})
