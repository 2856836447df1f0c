import { mkdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { copiesFolder, copiesSocket } from '../data-folder.ts'
import { describeFault } from '../log.ts'
import type { Copying } from '../postgres.ts'
import { BackupError } from './backup-error.ts'

export interface CopyServer {
  /** Hangs up on whoever has a copy, and removes it. */
  readonly close: () => Promise<void>
}

/** One line of JSON, the whole answer to whoever connects: the name of a folder beside the socket. */
export type CopyAnswer = { readonly copy: string } | { readonly problem: 'busy' | 'failed' }

/**
 * Hands out copies of the embedded database to other processes of this user: who connects to the socket in DATA_DIR is
 * told where a copy lies, and has it until the connection ends. The folder around both is for this user alone.
 */
export async function serveCopies({
  dataDir,
  copying,
  logger,
}: {
  readonly dataDir: string
  readonly copying: Copying
  readonly logger: Logger
}): Promise<CopyServer> {
  const folder = copiesFolder(dataDir)
  const callers = new Set<Socket>()
  let underway: Promise<void> = Promise.resolve()
  let taken = false

  const server = createServer((caller) => {
    callers.add(caller)
    // A caller that is gone leaves nothing to be said to it.
    caller.on('error', () => {})
    caller.on('close', () => callers.delete(caller))
    // Unread, its end would not be seen.
    caller.resume()
    if (taken) return say(caller, { problem: 'busy' })
    taken = true
    underway = handOut(caller)
      .catch((fault) =>
        logger.warn(
          { fault: describeFault(fault) },
          'a copy of the embedded database failed (is the disk full?)',
        ),
      )
      .finally(() => {
        taken = false
      })
  })

  async function handOut(caller: Socket): Promise<void> {
    const name = crypto.randomUUID()
    const copy = join(folder, name)
    try {
      const heldMs = Math.ceil(await copying.copyTo(copy))
      logger.info({ heldMs }, 'the embedded database was copied for a backup')
      if (!caller.destroyed) {
        const ended = new Promise((done) => caller.once('close', done))
        caller.write(line({ copy: name }))
        await ended
      }
    } catch (error) {
      say(caller, { problem: 'failed' })
      throw error
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  }

  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  try {
    await listenAt(server, copiesSocket(dataDir))
  } catch (fault) {
    // A path that is too long for a socket, a file system without them: no reason not to start.
    logger.warn({ fault: describeFault(fault) }, 'no backup can be made while this runs: stop it to make one')
  }
  return {
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const caller of callers) caller.destroy()
      await closed
      await underway
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function say(caller: Socket, answer: CopyAnswer): void {
  caller.end(line(answer))
}

function line(answer: CopyAnswer): string {
  return `${JSON.stringify(answer)}\n`
}

function listenAt(server: Server, path: string | undefined): Promise<void> {
  return new Promise((done, failed) => {
    if (path === undefined) throw new BackupError('The path of DATA_DIR is too long for a socket in it.')
    server.once('error', failed)
    server.listen(path, () => {
      server.off('error', failed)
      done()
    })
  })
}
