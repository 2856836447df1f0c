import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { copiesFolder, copiesSocket } from '../data-folder.ts'
import { BackupError } from './backup-error.ts'
import type { CopyAnswer } from './serve-copies.ts'

/** A copy of a running gateway's database. */
export interface LentCopy {
  readonly folder: string
  /** Aborts when the gateway is gone, and the copy with it. */
  readonly lost: AbortSignal
  readonly giveBack: () => void
}

/** Asks the gateway that runs on `dataDir` for a copy; undefined when none answers there. @throws BackupError */
export async function askForCopy(dataDir: string): Promise<LentCopy | undefined> {
  const path = copiesSocket(dataDir)
  if (path === undefined) return undefined
  const socket = connect(path)
  try {
    await once(socket, 'connect')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (nobodyThere.has(code)) return undefined
    throw new BackupError(`The gateway that runs on ${dataDir} cannot be asked for a copy: ${code}.`)
  }
  const answer = await answerOf(socket)
  if (answer === undefined) throw new BackupError('The gateway stopped before it had copied its database.')
  if ('problem' in answer) {
    socket.destroy()
    throw new BackupError(problems[answer.problem])
  }
  const lost = new AbortController()
  socket.once('close', () => lost.abort())
  return {
    folder: join(copiesFolder(dataDir), answer.copy),
    lost: lost.signal,
    giveBack: () => socket.destroy(),
  }
}

/** No socket, or one of a gateway that was killed. Whatever else fails is no sign that the database is nobody's. */
const nobodyThere: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED'])

const problems: Readonly<Record<Extract<CopyAnswer, { problem: string }>['problem'], string>> = {
  busy: 'Another backup of this gateway is being made. Try again when it is done.',
  failed: 'The gateway could not copy its database, most likely for want of space: its log says more.',
}

async function answerOf(socket: Socket): Promise<CopyAnswer | undefined> {
  socket.on('error', () => {})
  const lines = createInterface({ input: socket })
  const answer = await new Promise<string | undefined>((done) => {
    lines.once('line', done)
    lines.once('close', () => done(undefined))
  })
  // What our own gateway writes.
  return answer === undefined ? undefined : (JSON.parse(answer) as CopyAnswer)
}
