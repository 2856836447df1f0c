/** Deeper than anybody writes by hand, and far from what a parser stumbles over. */
export const metadataMaxDepth = 32

/** The most JSON that is kept of what somebody notes, in characters. */
export const userMetadataMaxLength = 16 * 1024

/** Whether jsonb can hold a value: it refuses NUL and halves of characters, and does not nest without end. */
export function isKeepable(value: unknown, maxLength: number): boolean {
  if (!isWithin(value, metadataMaxDepth)) return false
  const text = JSON.stringify(value)
  return text.length <= maxLength && !/\\u0000|\\ud[89a-f]/i.test(text)
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1))
}
