import { execFile, execFileSync } from 'node:child_process'
import { chmod, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']

export interface SmallVolume {
  readonly folder: string
  /** Leaves not a byte. */
  readonly fill: () => Promise<void>
  readonly free: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** Whether whoever runs the tests may mount something: root, or who is let by sudo. */
export const canMount = process.platform === 'linux' && succeeds([...asRoot, 'unshare', '-m', 'true'])

/** A file system of its own in memory, of so many bytes. */
export async function mountSmallVolume(bytes: number): Promise<SmallVolume> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-volume-'))
  await chmod(folder, 0o755)
  const [program = '', ...options] = [
    ...asRoot,
    'mount',
    '-t',
    'tmpfs',
    '-o',
    `size=${bytes},mode=1777`,
    'tmpfs',
    folder,
  ]
  await run(program, options)
  const filler = join(folder, 'filler')
  return {
    folder,
    fill: () => fillUp(filler),
    free: () => rm(filler, { force: true }),
    async remove() {
      const [unmount = '', ...of] = [...asRoot, 'umount', '-l', folder]
      await run(unmount, of)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function fillUp(file: string): Promise<void> {
  const handle = await open(file, 'a')
  try {
    for (let bytes = 1024 * 1024; bytes >= 1; ) {
      const written = await handle.write(Buffer.alloc(bytes)).then(
        ({ bytesWritten }) => bytesWritten,
        (error) => {
          if (error.code !== 'ENOSPC') throw error
          return 0
        },
      )
      if (written < bytes) bytes = Math.floor(bytes / 2)
    }
  } finally {
    await handle.close()
  }
}

function succeeds([program = '', ...options]: readonly string[]): boolean {
  try {
    execFileSync(program, options, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
