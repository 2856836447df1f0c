import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askForCopy } from '../../src/runtime/backup/ask-for-copy.ts'
import { serveCopies } from '../../src/runtime/backup/serve-copies.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-lend-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A DATA_DIR whose socket would have a path of so many bytes, and what is lent there. */
async function lending(socketPathBytes: number) {
  const dataDir = join(folder, 'd'.repeat(socketPathBytes - folder.length - '//copies/socket'.length))
  await mkdir(dataDir)
  const lines: string[] = []
  const logger = pino({}, { write: (line) => lines.push(line) })
  const copying = {
    copyTo: async (to: string) => {
      await mkdir(to)
      return 0
    },
    heldUntilMs: () => 0,
  }
  return { dataDir, lines, server: await serveCopies({ dataDir, copying, logger }) }
}

describe('the socket at which copies are lent', () => {
  it('lies in a folder for this user alone, up to the longest path of a socket', async () => {
    const { dataDir, lines, server } = await lending(103)
    const lent = await askForCopy(dataDir)
    expect(dirname(lent?.folder ?? '')).toBe(join(dataDir, 'copies'))
    lent?.giveBack()
    await server.close()
    expect(lines.join('')).not.toContain('no backup can be made')
  })

  it.each([104, 112, 118, 140])(
    'is not there where its path would be cut short at a place that is anybody’s: %i bytes',
    async (bytes) => {
      const { dataDir, lines, server } = await lending(bytes)
      try {
        expect(await readdir(folder)).toEqual([dataDir.slice(folder.length + 1)])
        expect([await readdir(dataDir), await readdir(join(dataDir, 'copies'))]).toEqual([['copies'], []])
        expect(await askForCopy(dataDir)).toBeUndefined()
        expect(lines.join('')).toContain('no backup can be made while this runs')
        expect(lines.join('')).toContain('too long')
      } finally {
        await server.close()
      }
    },
  )
})

describe('a gateway that is paused and answers nobody', () => {
  it.runIf(process.platform === 'linux')('is not taken for one that is gone', async () => {
    await mkdir(join(folder, 'copies'))
    const path = JSON.stringify(join(folder, 'copies/socket'))
    const program = `require('node:net').createServer().listen({ path: ${path}, backlog: 1 }, () => console.log('up'))`
    const paused = spawn(process.execPath, ['-e', program])
    await once(paused.stdout, 'data')
    paused.kill('SIGSTOP')
    const waiting = Array.from({ length: 4 }, () =>
      connect(join(folder, 'copies/socket')).on('error', () => {}),
    )
    try {
      await expect(askForCopy(folder)).rejects.toMatchObject({
        name: 'BackupError',
        message: expect.stringContaining('EAGAIN'),
      })
    } finally {
      for (const socket of waiting) socket.destroy()
      paused.kill('SIGKILL')
      await once(paused, 'close')
    }
  })
})
