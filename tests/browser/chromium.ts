import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** Fails the run in one line when there is no browser: a page that was not opened says nothing. */
export default function setup(): void {
  if (chromiumPath() === undefined) {
    throw new Error('Not on PATH: chromium. apt-get install -y --no-install-recommends chromium')
  }
}

/** A Chromium of its own, without a window. */
export function openBrowser(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error('There is no Chromium.')
  // Root, as containers are run by, may not have its sandbox; and /dev/shm may be small there.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

function chromiumPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path))
}
