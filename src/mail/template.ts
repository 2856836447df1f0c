import type { MailKind } from '../core/accounts/mail.ts'
import { type Placeholder, placeholders } from './placeholders.ts'

/** One mail before its facts: texts with `{{placeholder}}` in them. */
export interface Template {
  readonly subject: string
  readonly text: string
  /** Undefined for a mail of plain text alone. */
  readonly html: string | undefined
}

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g

/** Without these a mail of its kind would be of no use. */
const needed: readonly Placeholder[] = ['link', 'code']

/** What is wrong with a template of this kind, a line each. */
export function templateProblems(kind: MailKind, { subject, text, html }: Template): readonly string[] {
  const known = placeholders[kind]
  const parts = [subject, text, html ?? '']
  const named = new Set(parts.flatMap((part) => namesIn(part)))
  const unknown = [...named].filter((name) => !known.some((placeholder) => placeholder === name))
  const missing = needed.filter((name) => known.includes(name))
  return [
    ...unknown.map((name) => `has {{${name}}}, which this mail does not have: ${known.join(', ')}`),
    ...missing.filter((name) => !namesIn(text).includes(name)).map((name) => `needs {{${name}}} in its text`),
    ...missing
      .filter((name) => html !== undefined && !namesIn(html).includes(name))
      .map((name) => `needs {{${name}}} in its HTML`),
    ...(subject === '' ? ['needs a subject'] : []),
    // A subject stands in notifications on locked screens, and in the logs of mail servers.
    ...missing
      .filter((name) => namesIn(subject).includes(name))
      .map((name) => `must not have {{${name}}} in its subject`),
  ]
}

function namesIn(part: string): readonly string[] {
  return [...part.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
}

/** Puts each value where its placeholder stands. */
export function fillIn(
  part: string,
  values: Readonly<Record<string, string>>,
  spell: (value: string) => string = (value) => value,
): string {
  // By a function: a `$&` in a value must stay what it is.
  return part.replace(PLACEHOLDER, (_, name: string) => spell(values[name] ?? ''))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text that is nothing but text in HTML, in an element and in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
