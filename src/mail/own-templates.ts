import { fail, ok, type Result } from '../core/result.ts'
import { mailLocales } from './mail-locale.ts'
import { mailKinds } from './placeholders.ts'
import type { OwnTemplates } from './render-mail.ts'
import { type Template, templateProblems } from './template.ts'

const NAME = /^([a-z-]+)\.([a-z]+)\.(txt|html)$/
const SUBJECT = /^Subject:[ \t]*(.*?)[ \t]*\r?\n(?:[ \t]*\r?\n)?/

/**
 * The operator's templates from the files of a folder, name to text, or a line for each that cannot be used. A kind's
 * `.txt` begins with a line `Subject: …`; its `.html` is optional, and without it the mail is plain text.
 */
export function parseOwnTemplates(
  files: ReadonlyMap<string, string>,
): Result<OwnTemplates, readonly string[]> {
  const own = new Map<Parameters<OwnTemplates['get']>[0], Template>()
  const problems: string[] = []
  for (const [file, text] of files) {
    const [, name, language, ending] = NAME.exec(file) ?? []
    const kind = mailKinds.find((known) => known === name)
    const locale = mailLocales.find((known) => known === language)
    if (kind === undefined || locale === undefined) {
      problems.push(`${file} is no mail of ours: name it like email-confirm.en.txt`)
      continue
    }
    const both = `${kind}.${locale}` as const
    if (ending === 'html') {
      if (!files.has(`${both}.txt`)) problems.push(`${file} needs ${both}.txt beside it`)
      continue
    }
    const head = SUBJECT.exec(text)
    if (head === null) {
      problems.push(`${file} must begin with a line "Subject: …"`)
      continue
    }
    const template = {
      subject: head[1] ?? '',
      text: text.slice(head[0].length),
      html: files.get(`${both}.html`),
    }
    problems.push(...templateProblems(kind, template).map((problem) => `${both} ${problem}`))
    own.set(both, template)
  }
  return problems.length === 0 ? ok(own) : fail(problems)
}
