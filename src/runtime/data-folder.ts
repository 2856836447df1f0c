import { constants } from 'node:fs'
import { access, mkdir, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StartError } from './start-error.ts'

const MIB = 1024 * 1024

/** Below it no start succeeds: what a new database takes, which is 40 MiB, and one file more of its log. */
export const roomMinMib = 64

/** Where in `dataDir` the embedded database lies. */
export function databaseFolder(dataDir: string): string {
  return resolve(dataDir, 'pg')
}

/** Where a running gateway hands out copies of its embedded database. */
export function copiesFolder(dataDir: string): string {
  return join(dataDir, 'copies')
}

/** The longest path of a socket that every system takes in full (macOS; Linux takes three bytes more). */
const SOCKET_PATH_MAX_BYTES = 103

/**
 * Where it is asked for one. Undefined where the path is too long: the system would cut it short without a word, and the
 * socket would lie outside of the folder that is for this user alone.
 */
export function copiesSocket(dataDir: string): string | undefined {
  const path = join(copiesFolder(dataDir), 'socket')
  return Buffer.byteLength(path) > SOCKET_PATH_MAX_BYTES ? undefined : path
}

/** Makes the folder for this user alone, if it is not there. @throws StartError */
export async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await access(dataDir, constants.W_OK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new StartError(`DATA_DIR ${dataDir} cannot be written to: ${code}.`)
  }
}

/**
 * Refuses a disk that is as good as full: the embedded database would not open there, or stop at its next write.
 * @throws StartError
 */
export async function expectRoom(dataDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  if (freeMib >= roomMinMib) return
  throw new StartError(
    `The disk of DATA_DIR ${dataDir} is full: ${freeMib} MiB are free and ${roomMinMib} are needed. Nothing is lost: free some and start again.`,
  )
}
