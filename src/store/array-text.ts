/**
 * A list as PostgreSQL writes one (its manual, 8.15.2), for a parameter that the statement casts to an array: one text
 * that every driver passes on as it is.
 */
export function arrayText(values: readonly (string | number | null)[]): string {
  let text = '{'
  for (const value of values) {
    if (text.length > 1) text += ','
    if (value === null) text += 'null'
    else if (typeof value === 'number') text += value
    else text += quoted(value)
  }
  return `${text}}`
}

/**
 * One column of rows for a statement that takes them apart by `unnest` beside others: nothing at all where every row has
 * nothing there, since `unnest` fills up what is shorter with nulls.
 */
export function columnText(values: readonly (string | number | null)[]): string | null {
  return values.some((value) => value !== null) ? arrayText(values) : null
}

const TO_ESCAPE = /["\\]/
const ALL_TO_ESCAPE = /["\\]/g

function quoted(text: string): string {
  return `"${TO_ESCAPE.test(text) ? text.replace(ALL_TO_ESCAPE, '\\$&') : text}"`
}
