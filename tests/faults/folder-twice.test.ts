import { symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, runGatewayToItsEnd, startGatewayProcess } from '../support/gateway-process.ts'
import { guichetCommand } from '../support/guichet-command.ts'
import { change, expectNothingLost, nothingYet } from './support/acknowledged.ts'
import { measured } from './support/measured.ts'

let holder: GatewayProcess

beforeAll(async () => {
  holder = await startGatewayProcess()
})

afterAll(() => holder.remove())

const refusal =
  /^guichet: Another Guichet process is using [^\n]+ Stop it first, or choose another DATA_DIR\.\n$/

describe('the folder of a running gateway', { timeout: 60_000 }, () => {
  it('is opened by no command beside it', async () => {
    const guichet = await guichetCommand()
    const { code, stderr } = await guichet.run('migrate', { DATA_DIR: holder.dataDir })
    expect([code, stderr]).toEqual([1, expect.stringMatching(refusal)])
    await guichet.remove()
  })

  it('is opened by no second process, whatever it calls the folder and whichever network it is in', async () => {
    const acknowledged = nothingYet()
    await change(holder, acknowledged)
    const { dataDir } = holder
    const alias = join(dirname(dataDir), `guichet-test-alias-${crypto.randomUUID()}`)
    await symlink(dataDir, alias)
    const starts = [
      { dataDir },
      { dataDir: alias },
      // As a second container with the same volume.
      { dataDir, under: ['unshare', '--net'] },
    ]
    for (const options of starts) {
      const { code, output } = await runGatewayToItsEnd({}, options)
      expect(output).toMatch(refusal)
      expect(code).toBe(1)
    }
    await expectNothingLost(holder, acknowledged)
    await holder.stop('SIGKILL')
    const next = await startGatewayProcess({}, { dataDir })
    await expectNothingLost(next, acknowledged)
    await next.stop()
    measured(
      'F11',
      `${starts.length} of ${starts.length} second starts refused: same path, a link, another network namespace; 0 lost`,
    )
  })
})
