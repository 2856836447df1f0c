import { execFile } from 'node:child_process'
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface SmallDisk {
  readonly folder: string
  /** Fills it to the last block, or until so many bytes are left. */
  readonly fill: (leftBytes?: number) => void
  /** Takes away again what filled it. */
  readonly empty: () => Promise<void>
  readonly freeBytes: () => Promise<number>
  readonly remove: () => Promise<void>
}

const run = promisify(execFile)

/** A disk of its own, so that it can be full: a tmpfs, which only root may mount. */
export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'guichet-test', folder])
  const filler = join(folder, 'filler')
  return {
    folder,
    fill(leftBytes = 0) {
      const file = openSync(filler, 'a')
      for (const bytes of [1024 * 1024, 4096]) writeUntilFull(file, Buffer.alloc(bytes))
      closeSync(file)
      truncateSync(filler, statSync(filler).size - leftBytes)
    },
    empty: () => rm(filler),
    async freeBytes() {
      const { bavail, bsize } = await statfs(folder)
      return bavail * bsize
    },
    async remove() {
      // Lazily: what a process still holds there goes with the process.
      await run('umount', ['-l', folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function writeUntilFull(file: number, piece: Uint8Array): void {
  try {
    while (writeSync(file, piece) === piece.byteLength);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}
