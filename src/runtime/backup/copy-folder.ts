import { constants, readdirSync, type Stats, statSync } from 'node:fs'
import { copyFile, mkdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { BackupError } from './backup-error.ts'

/** The coarsest steps that a file system counts time in, and some. */
const TIME_STEP_MS = 3000

/** What has to be free beside the copy: whoever writes on while it is made and read must not meet a full disk. */
const SPARE_BYTES = 64 * 1024 * 1024

/** As many as Node has threads for. */
const AT_A_TIME = 4

/**
 * Copies a folder that is written to meanwhile, as it is at one moment: all of it while nobody waits, and then what has
 * changed since, while `hold` keeps everybody from writing. `to` is made on the same file system. @throws BackupError
 * before it copies anything, where the disk would be full then
 */
export async function copyFolder(
  from: string,
  to: string,
  hold: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const before = await listWhereRoom(from, to)
  await mkdir(to, { mode: 0o700 })
  // By the clock that the files have.
  const beganMs = (await stat(to)).mtimeMs
  await copy(before, { from, to })
  await hold(async () => {
    const after = list(from)
    const gone = [...before.keys()].filter((path) => !after.has(path))
    for (const path of gone) await rm(join(to, path), { recursive: true, force: true })
    const changed = [...after].filter(
      ([path, now]) => now.mtimeMs > beganMs - TIME_STEP_MS || !isSame(before.get(path), now),
    )
    await copy(new Map(changed), { from, to })
  })
}

async function listWhereRoom(from: string, to: string): Promise<Map<string, Stats>> {
  const found = list(from)
  const neededBytes = [...found.values()].reduce((sum, { size }) => sum + size, SPARE_BYTES)
  const { bavail, bsize } = await statfs(dirname(to))
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes) return found
  const [needed, free] = [neededBytes, freeBytes].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`)
  throw new BackupError(
    `A copy of ${from} needs ${needed}, and only ${free} are free there. Nothing was copied.`,
  )
}

/** All that is in a folder, each folder before what is in it. Not asynchronous: a thousand files would take ten times as long. */
function list(folder: string): Map<string, Stats> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) =>
    relative(folder, join(entry.parentPath, entry.name)),
  )
  const found = paths.map((path) => [path, statSync(join(folder, path), { throwIfNoEntry: false })] as const)
  return new Map(
    found
      .filter((one): one is readonly [string, Stats] => one[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function isSame(before: Stats | undefined, now: Stats): boolean {
  return before?.size === now.size && before.mtimeMs === now.mtimeMs && before.ctimeMs === now.ctimeMs
}

async function copy(
  entries: ReadonlyMap<string, Stats>,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const files: string[] = []
  for (const [path, stats] of entries) {
    if (stats.isDirectory()) await mkdir(join(to, path), { recursive: true, mode: 0o700 })
    else files.push(path)
  }
  const rest = files.values()
  const copyRest = async () => {
    for (const path of rest) {
      // Where the file system can share blocks between files, it copies nothing.
      await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE).catch(unlessGone)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, copyRest))
}

/** What goes away while nobody is held is not in the second list. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
