import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const watchdog = resolve(import.meta.dirname, '../../src/runtime/watchdog.ts')

interface Ending {
  readonly signal: string | undefined
  readonly output: string
}

/** Runs a program that has a watchdog of two seconds. */
function ended(program: string): Promise<Ending> {
  const text = `import { startWatchdog } from ${JSON.stringify(watchdog)}
    const watchdog = startWatchdog('it stands still', 2)
    ${program}`
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', text],
      { timeout: 30_000, killSignal: 'SIGTERM' },
      (error, stdout, stderr) => {
        done({ signal: error?.signal ?? undefined, output: stdout + stderr })
      },
    )
  })
}

describe('the watchdog', { timeout: 60_000 }, () => {
  it('ends a process whose event loop stands still, and says why', async () => {
    const { signal, output } = await ended('for (;;);')
    expect([signal, output]).toEqual(['SIGKILL', 'guichet: it stands still\n'])
  })

  it('leaves one alone that is busy and comes round, and does not keep it running', async () => {
    const busy = `for (let round = 0; round < 4; round++) {
        for (const until = performance.now() + 600; performance.now() < until; );
        await new Promise((done) => setTimeout(done, 600))
      }
      console.log('well')`
    expect(await ended(busy)).toEqual({ signal: undefined, output: 'well\n' })
  })
})
