/** Reads a telephone number as codes are sent to it (E.164): digits alone. Undefined for what is none. */
export function parsePhone(text: string): string | undefined {
  const digits = text.replaceAll(' ', '').replace(/^\+/, '')
  return /^[1-9][0-9]{1,14}$/.test(digits) ? digits : undefined
}
