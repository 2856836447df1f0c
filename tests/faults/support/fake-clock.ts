import { globSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface FakeClock {
  /** What a process needs in its environment to go by this clock. */
  readonly env: Readonly<Record<string, string>>
  /** Sets it so many seconds ahead of the real one, at once and under running processes. */
  readonly set: (aheadSeconds: number) => Promise<void>
  readonly remove: () => Promise<void>
}

/** A wall clock for processes of the test alone. What only counts, and timers go by, stays as it is. */
export async function makeFakeClock(): Promise<FakeClock> {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  if (library === undefined) throw new Error('libfaketime is missing: apt-get install -y faketime')
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-clock-'))
  const file = join(folder, 'ahead')
  const set = async (aheadSeconds: number) => {
    // Renamed into place: half a file would be another time.
    await writeFile(`${file}.new`, `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}\n`)
    await rename(`${file}.new`, file)
  }
  await set(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
