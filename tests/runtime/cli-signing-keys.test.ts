import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'

let gateway: GatewayProcess
let guichet: GuichetCommand

beforeAll(async () => {
  gateway = await startGatewayProcess()
  const env = { GUICHET_URL: gateway.url, GUICHET_API_KEY: await gateway.firstKey() }
  guichet = await guichetCommand(() => env)
})

afterAll(async () => {
  await gateway?.remove()
  await guichet?.remove()
})

const states = async () =>
  (await guichet.run('signing-keys list')).json.map(({ state }: { state: string }) => state).sort()

describe('guichet signing-keys', () => {
  it('rotates, brings, retires and lists', async () => {
    const next = (await guichet.run('signing-keys rotate')).json
    expect(next).toMatchObject({ state: 'pending', origin: 'made' })

    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true })
    await writeFile(join(guichet.folder, 'theirs.json'), JSON.stringify(await exportJWK(publicKey)))
    const theirs = (await guichet.run('signing-keys import theirs.json')).json
    expect(theirs).toMatchObject({ state: 'trusted', algorithm: 'EdDSA' })
    await writeFile(join(guichet.folder, 'theirs.pem'), await exportPKCS8(privateKey))
    const again = await guichet.run('signing-keys import theirs.pem')
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('signing_key_known') })

    expect((await guichet.run(`signing-keys retire ${theirs.kid}`)).json.state).toBe('gone')
    expect(await states()).toEqual(['active', 'gone', 'pending'])
    const table = await guichet.run('signing-keys rotate --now --table')
    expect(table.stdout).toMatch(/^KID +ALG +ORIGIN +STATE .*\n\S{43} +ES256 +made +active /)
    expect(await states()).toEqual(['active', 'gone', 'gone', 'gone'])
  })

  // One thumbprint in 64 starts with a dash; -V and -h are options.
  it('takes a thumbprint that starts with a dash for no option', async () => {
    for (const start of ['-V', '--', '-h']) {
      const { code, stderr } = await guichet.run(`signing-keys retire ${start.padEnd(43, 'x')}`)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('not_found') })
    }
  })

  it('tells in one line what it cannot do', async () => {
    await writeFile(join(guichet.folder, 'none.txt'), 'canary')
    const endings = await Promise.all([
      guichet.run('signing-keys import none.txt'),
      guichet.run('signing-keys import missing.pem'),
      guichet.run('signing-keys retire short'),
    ])
    expect(endings.map(({ code }) => code)).toEqual([1, 1, 2])
    for (const { stderr } of endings) expect(stderr).toMatch(/^guichet: [^\n]+\n$/)
    expect(endings[0]?.stderr).not.toContain('canary')
  })
})
