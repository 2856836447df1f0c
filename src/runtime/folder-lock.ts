import { createHash } from 'node:crypto'
import { readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

export interface FolderLock {
  readonly release: () => Promise<void>
}

/**
 * Takes a folder for this process alone: two that open one embedded database lose data without a word.
 * Freed by the end of the process, however it ends. @throws StartError when another process has it
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = await realpath(folder)
  const lock = process.platform === 'linux' ? await lockBySocket(path) : await lockByPidFile(path)
  if (lock === undefined) {
    throw new StartError(
      `Another Guichet process is using ${path}. Stop it first, or choose another DATA_DIR.`,
    )
  }
  return lock
}

/** An abstract socket needs no file and dies with its process, kill -9 included. */
async function lockBySocket(path: string): Promise<FolderLock | undefined> {
  const name = `\0guichet-${createHash('sha256').update(path).digest('hex')}`
  const server = createServer()
  const listening = await new Promise<boolean>((done) => {
    server.once('error', () => done(false))
    server.listen(name, () => done(true))
  })
  if (!listening) return undefined
  server.unref()
  return { release: () => new Promise((done) => server.close(() => done())) }
}

async function lockByPidFile(path: string): Promise<FolderLock | undefined> {
  const file = join(path, 'lock')
  const take = () => writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 })
  try {
    await take()
  } catch {
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'))
    if (holder > 0 && isRunning(holder)) return undefined
    await rm(file, { force: true })
    await take()
  }
  return { release: () => rm(file, { force: true }) }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
