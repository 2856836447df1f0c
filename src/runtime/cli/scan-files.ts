import { createReadStream } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { type Sighting, scanText } from './scan-text.ts'

/** What is told while paths are scanned. */
export interface ScanEvents {
  readonly found: (file: string, sighting: Sighting) => void
  /** A file that is not text. */
  readonly skipped: (file: string) => void
  /** A file or folder that cannot be read, with the system's code. */
  readonly failed: (file: string, code: string) => void
}

/** As git and grep judge it. */
const PROBE_BYTES = 8000
const GIT_OBJECTS = `.git${sep}objects`

/** Scans a file, or all the files below a folder. Links are not followed, but for the path itself. */
export async function scanPath(path: string, events: ScanEvents): Promise<void> {
  await guarded(path, events, async () => {
    if ((await stat(path)).isDirectory()) await scanFolder(path, events)
    else await scanStream(path, createReadStream(path), events)
  })
}

/** Scans what comes, unless its beginning shows that it is not text. */
export async function scanStream(
  name: string,
  stream: AsyncIterable<Uint8Array>,
  events: ScanEvents,
): Promise<void> {
  const pieces = decoded(stream, () => events.skipped(name))
  for await (const sighting of scanText(pieces)) events.found(name, sighting)
}

async function scanFolder(folder: string, events: ScanEvents): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    await guarded(path, events, async () => {
      // Compressed, so that nothing in there is to be read as text.
      if (entry.isDirectory() && !path.endsWith(GIT_OBJECTS)) await scanFolder(path, events)
      // A pipe or a device may never end.
      if (entry.isFile()) await scanStream(path, createReadStream(path), events)
    })
  }
}

/** One file that cannot be read does not end the scan. */
async function guarded(path: string, events: ScanEvents, scan: () => Promise<void>): Promise<void> {
  try {
    await scan()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error
    events.failed(path, String(error.code))
  }
}

async function* decoded(stream: AsyncIterable<Uint8Array>, onBinary: () => void): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  for await (const bytes of stream) {
    if (decoder === undefined) {
      const encoding = encodingOf(bytes.subarray(0, PROBE_BYTES))
      if (encoding === undefined) {
        onBinary()
        return
      }
      decoder = new TextDecoder(encoding)
    }
    yield decoder.decode(bytes, { stream: true })
  }
}

/** By its byte order mark, otherwise UTF-8; undefined for what has a zero byte and is not text. */
function encodingOf(start: Uint8Array): string | undefined {
  const [first, second] = start
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  return start.includes(0) ? undefined : 'utf-8'
}
