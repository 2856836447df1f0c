import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { freshDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'

describe('npm start', () => {
  it('leaves no gateway behind when npm is told to stop: its shell passes no signal on', async () => {
    const database = await freshDatabase()
    const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-npm-'))
    const npm = spawn('npm', ['start', '--silent'], {
      cwd: resolve(import.meta.dirname, '../..'),
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: '0',
        DATA_DIR: dataDir,
        DATABASE_URL: database.url,
        GUICHET_SECRET: testSecret,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    npm.stdout.on('data', (chunk) => {
      output += chunk
    })
    const said = (word: string) =>
      vi.waitUntil(() => output.includes(word), { timeout: 15_000, interval: 20 })
    await said('"ready"')
    npm.kill('SIGTERM')
    await said('"stopped"')
    expect(output).toContain('"stopping"')
    await rm(dataDir, { recursive: true })
    await database.drop()
  })
})
