import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { roomMinMib } from '../../data-folder.ts'
import type { Check } from './check.ts'
import { inBytes } from './sizes.ts'

const WARN_BYTES = 1024 ** 3
const WARN_SHARE = 0.1
const FLOOR_BYTES = roomMinMib * 1024 ** 2

interface Space {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Says how much room the embedded database has, or will have where its folder is not made yet. */
export async function checkDisk(dataDir: string): Promise<Check> {
  try {
    return judgeSpace(await spaceAt(resolve(dataDir)))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const finding = `The room for ${dataDir} cannot be told: ${code}.`
    return { check: 'disk', status: 'warn', finding, remedy: 'See that DATA_DIR can be read by this user.' }
  }
}

/** Says whether that much is enough to live on. */
export function judgeSpace({ freeBytes, totalBytes }: Space): Check {
  const check = 'disk'
  const percent = Math.floor((100 * freeBytes) / Math.max(1, totalBytes))
  const finding = `${inBytes(freeBytes)} of ${inBytes(totalBytes)} (${percent} %) are free for DATA_DIR.`
  if (freeBytes < FLOOR_BYTES) {
    const remedy = 'Make room now: with less no gateway starts, and one that runs may stop.'
    return { check, status: 'fail', finding, remedy }
  }
  if (freeBytes >= WARN_BYTES && freeBytes >= WARN_SHARE * totalBytes) return { check, status: 'ok', finding }
  return { check, status: 'warn', finding, remedy: 'Make room, or move to PostgreSQL.' }
}

async function spaceAt(folder: string): Promise<Space> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || folder === dirname(folder)) throw error
    return spaceAt(dirname(folder))
  }
}
