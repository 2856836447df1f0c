import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const log = pathToFileURL('src/runtime/log.ts').href

describe('the log of a process that ends', () => {
  // Of a gateway that was told to stop, "stopped" was missing where the line before it was still being written.
  it('has its last line, though another is being written', async () => {
    const script = `
      const { openProcessLog } = await import('${log}')
      const { logger, close } = openProcessLog('info')
      logger.info({ filling: '.'.repeat(9000) }, 'a line that is written at once')
      logger.info('the last line')
      await close()
      process.exit(0)`
    const args = ['--no-warnings', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'a line that is written at once',
      'the last line',
    ])
  })
})
