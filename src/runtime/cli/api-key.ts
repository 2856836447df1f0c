import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CliError } from './cli-error.ts'
import { writeError } from './print.ts'

/** The key to act with: GUICHET_API_KEY's, or the one that the first start left in a file. @throws CliError */
export async function findApiKey(): Promise<string> {
  const given = process.env['GUICHET_API_KEY']?.trim()
  if (given) return given
  const file = resolve(join(process.env['DATA_DIR'] || './data', 'first-key'))
  const key = await readIfThere(file)
  if (key === undefined) {
    throw new CliError(`Set GUICHET_API_KEY: there is no ${file} to take a key from either.`, 'usage')
  }
  writeError(`GUICHET_API_KEY is not set; using the key in ${file}`)
  return key
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT') return undefined
    throw new CliError(`${file} cannot be read (${code}). Set GUICHET_API_KEY.`, 'failed')
  }
}
