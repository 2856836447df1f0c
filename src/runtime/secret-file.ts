import { existsSync } from 'node:fs'
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { databaseFolder, expectRoom, makeFolder } from './data-folder.ts'
import { StartError } from './start-error.ts'
import { system } from './system.ts'

const SECRET_LENGTH = 48
/** As short as GUICHET_SECRET may be. */
const SECRET_MIN_LENGTH = 32

/** Makes a secret that is fit for GUICHET_SECRET. */
export function generateSecret(): string {
  return system.randomText(SECRET_LENGTH)
}

/** Where in `dataDir` the embedded mode's own secret lies. */
export function secretFile(dataDir: string): string {
  return join(dataDir, 'secret')
}

/** Reads the embedded mode's own secret, or makes it when there is no data yet that another one wrote. @throws StartError */
export async function embeddedSecret(dataDir: string): Promise<readonly string[]> {
  const file = secretFile(dataDir)
  if (existsSync(file)) return [await readSecret(file)]
  if (existsSync(databaseFolder(dataDir))) {
    throw new StartError(
      `${file} is missing, and only it opens the data in ${dataDir}. Put it back, or set GUICHET_SECRET to what it held.`,
    )
  }
  await makeFolder(dataDir)
  await expectRoom(dataDir)
  // Written aside and then linked: never half a secret, and of two first starts at once one wins.
  const draft = `${file}.${process.pid}`
  await writePrivately(draft, generateSecret())
  await link(draft, file).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  return [await readSecret(file)]
}

/** Reads a secret from its file. @throws StartError */
export async function readSecret(file: string): Promise<string> {
  const secret = (await readFile(file, 'utf8')).trim()
  if (secret.length >= SECRET_MIN_LENGTH) return secret
  throw new StartError(
    `${file} is damaged: it holds no secret. Put it back, or remove it if there is no data yet.`,
  )
}

/** Writes one line that only this user may read. */
export async function writePrivately(file: string, line: string): Promise<void> {
  await writeFile(file, `${line}\n`, { mode: 0o600 })
  // The mode above counts only for a new file.
  await chmod(file, 0o600)
}
