/**
 * A list as PostgreSQL writes one (its manual, 8.15.2), for a parameter that the statement casts to an array: one text
 * that every driver passes on as it is. Numbers are finite.
 */
export function arrayText(values: readonly (string | number | null)[]): string {
  const json = JSON.stringify(values)
  // What JSON writes without a backslash PostgreSQL reads as it stands, but for the brackets.
  if (!json.includes('\\')) return `{${json.slice(1, -1)}}`
  const members = values.map((value) => (typeof value === 'string' ? quoted(value) : String(value)))
  return `{${members.join(',')}}`
}

/**
 * One column of rows for a statement that takes them apart by `unnest` beside others: nothing at all where every row has
 * nothing there, since `unnest` fills up what is shorter with nulls.
 */
export function columnText(values: readonly (string | number | null)[]): string | null {
  return values.some((value) => value !== null) ? arrayText(values) : null
}

const TO_ESCAPE = /["\\]/g

function quoted(text: string): string {
  return `"${text.replace(TO_ESCAPE, '\\$&')}"`
}
