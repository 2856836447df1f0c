import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkDisk, judgeSpace } from '../../../src/runtime/cli/checks/disk-check.ts'
import { checkPublicUrl } from '../../../src/runtime/cli/checks/public-url-check.ts'
import { inBytes } from '../../../src/runtime/cli/checks/sizes.ts'
import { parseSettings } from '../../../src/settings/settings.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

describe('the check of the disk', () => {
  it('looks at where DATA_DIR is, or will be', async () => {
    const { blocks, bsize } = await statfs(tmpdir())
    const { finding } = await checkDisk(join(tmpdir(), crypto.randomUUID(), 'data'))
    expect(finding).toContain(` of ${inBytes(blocks * bsize)} `)
  })

  it('warns below a GiB and below a tenth, and fails below what the database needs to live', () => {
    const judged = (freeBytes: number, totalBytes: number) => judgeSpace({ freeBytes, totalBytes }).status
    expect([judged(GIB, 10 * GIB), judged(GIB - 1, 2 * GIB)]).toEqual(['ok', 'warn'])
    expect([judged(10 * GIB, 100 * GIB), judged(10 * GIB - 1, 100 * GIB)]).toEqual(['ok', 'warn'])
    expect([judged(64 * MIB, GIB), judged(64 * MIB - 1, GIB)]).toEqual(['warn', 'fail'])
  })

  it('reads sizes as people do', () => {
    expect([0, 1023, 1024, 1.5 * GIB, 3 * 1024 * GIB].map(inBytes)).toEqual([
      '0 bytes',
      '1023 bytes',
      '1.0 KiB',
      '1.5 GiB',
      '3.0 TiB',
    ])
  })
})

describe('the check of PUBLIC_URL', () => {
  const checked = (env: Record<string, string>) => {
    const settings = parseSettings(env)
    if (!settings.ok) throw new Error(JSON.stringify(settings.failure))
    return checkPublicUrl(settings.value)
  }

  it.each([
    [{}, 'ok'],
    [{ PUBLIC_URL: 'https://gateway.test' }, 'ok'],
    [{ PUBLIC_URL: 'https://gateway.test', HOST: '0.0.0.0' }, 'ok'],
    [{ PUBLIC_URL: 'http://127.0.0.1:3000', HOST: '::1' }, 'ok'],
    [{ PUBLIC_URL: 'http://gateway.test' }, 'warn'],
    [{ PUBLIC_URL: 'http://127.0.0.1.gateway.test' }, 'warn'],
    [{ HOST: '0.0.0.0' }, 'warn'],
    [{ PUBLIC_URL: 'http://localhost:3000', HOST: '::' }, 'warn'],
  ])('of %j says %s', (env, status) => {
    expect(checked(env)).toMatchObject({ check: 'public url', status })
  })
})
