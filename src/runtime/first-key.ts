import { rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type FirstKey, makeFirstKey } from '../core/keys/first-key.ts'
import type { World } from '../core/ports.ts'
import type { Settings } from '../settings/settings.ts'
import { makeFolder } from './data-folder.ts'
import { writePrivately } from './secret-file.ts'
import { StartError } from './start-error.ts'

/** Where the first key went, in words for people: never the key, unless a person is looking at a terminal. */
export interface FirstKeyNotice {
  /** For the log. */
  readonly message: string
  /** For the terminal alone: the key itself. */
  readonly screen: string | undefined
}

/** Makes the first client and its key on an empty database, and hands the key over once. */
export async function handOverFirstKey(
  world: World,
  settings: Settings,
  { interactive, baseUrl }: { readonly interactive: boolean; readonly baseUrl: string },
): Promise<FirstKeyNotice | undefined> {
  const wished = settings.bootstrapApiKey
  const file = resolve(join(settings.dataDir, 'first-key'))
  // Under a name of its own until it counts: instances that start together may share the folder.
  const draft = `${file}.${process.pid}`
  const secure = async ({ text, asWished }: FirstKey) => {
    if (interactive || asWished) return
    try {
      await makeFolder(settings.dataDir)
      await writePrivately(draft, text)
    } catch {
      throw new StartError(
        `The first key cannot be written to ${file}. Let DATA_DIR be writable, or set BOOTSTRAP_API_KEY.`,
      )
    }
  }
  const first = await makeFirstKey({ world, policy: settings.policy }, { wished, secure })
  if (first === undefined) {
    await rm(draft, { force: true })
    return undefined
  }
  if (first.asWished) {
    return { message: 'The client "admin" was made, with BOOTSTRAP_API_KEY as its key.', screen: undefined }
  }
  const why = wished === undefined ? '' : ' BOOTSTRAP_API_KEY is not a well-formed key and was not used.'
  if (interactive) {
    return {
      message: `The client "admin" was made; its key is shown once.${why}`,
      screen: screen(first.text, baseUrl),
    }
  }
  await rename(draft, file)
  return { message: `The client "admin" was made; its key is in ${file}.${why}`, screen: undefined }
}

function screen(apiKey: string, baseUrl: string): string {
  return `
  Your first API key, shown this once. It may do everything:

    ${apiKey}

  Exchange it:

    curl -X POST ${baseUrl}/api/v1/auth/token/ \\
      -H 'Content-Type: application/json' \\
      -d '{"apiKey":"${apiKey}"}'
`
}
