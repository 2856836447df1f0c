import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseOwnTemplates } from '../../mail/own-templates.ts'
import type { OwnTemplates } from '../../mail/render-mail.ts'
import { StartError } from '../start-error.ts'

/** Reads the operator's templates; a folder may hold other things beside its .txt and .html. @throws StartError */
export async function readTemplates(folder: string | undefined): Promise<OwnTemplates> {
  if (folder === undefined) return new Map()
  const files = await readTexts(folder)
  const own = parseOwnTemplates(files)
  if (own.ok) return own.value
  const lines = own.failure.map((line) => `  ${line}`)
  throw new StartError(`These mail templates cannot be used:\n${lines.join('\n')}\nSee docs/mail.md.`)
}

async function readTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  try {
    const names = (await readdir(folder)).filter((name) => /\.(?:txt|html)$/.test(name)).sort()
    const texts = await Promise.all(
      names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
    )
    return new Map(texts)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new StartError(`MAIL_TEMPLATES cannot be read: ${code}.`)
  }
}
