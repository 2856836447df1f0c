import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { canMount, mountSmallVolume, type SmallVolume } from './support/small-volume.ts'

const MIB = 1024 * 1024

let volume: SmallVolume | undefined
let gateway: GatewayProcess | undefined
let guichet: GuichetCommand | undefined

afterEach(async () => {
  await gateway?.stop()
  await guichet?.remove()
  await volume?.remove()
})

describe.runIf(canMount)('a gateway on PGlite whose disk has no room for a copy', { timeout: 90_000 }, () => {
  // Copied until the disk was full, which PGlite does not survive when it has to write just then.
  it('refuses to lend one, and serves every call meanwhile', async () => {
    volume = await mountSmallVolume(64 * MIB)
    guichet = await guichetCommand()
    const dataDir = join(volume.folder, 'data')
    gateway = await startGatewayProcess({}, { dataDir })
    const { url } = gateway
    const apiKey = await gateway.firstKey()
    const statuses = new Set<number>()
    let stopped = false
    const exchanging = Array.from({ length: 4 }, async () => {
      while (!stopped)
        statuses.add((await call('POST', `${url}/api/v1/auth/token/`, { json: { apiKey } })).status)
    })
    try {
      const backup = await guichet.run(`backup ${join(guichet.folder, 'none')}`, { DATA_DIR: dataDir })
      expect(backup).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('want of space') })
    } finally {
      stopped = true
      await Promise.all(exchanging)
    }
    expect([...statuses]).toEqual([200])
    expect(await readdir(join(dataDir, 'copies'))).toEqual(['socket'])
    expect(gateway.output()).toMatch(/A copy of [^"]+ needs \d+ MiB, and only \d+ MiB are free there/)
    expect(gateway.child.exitCode).toBeNull()
  })
})
