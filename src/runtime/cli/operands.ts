const DASHED_THUMBPRINT = /^-[A-Za-z0-9_-]{42}$/

/** The words of a command line, with each key thumbprint that starts with a dash behind `--`, where it is no option. */
export function dashedOperandsLast(words: readonly string[]): string[] {
  const dashed = words.filter((word) => DASHED_THUMBPRINT.test(word))
  if (dashed.length === 0 || words.includes('--')) return [...words]
  return [...words.filter((word) => !dashed.includes(word)), '--', ...dashed]
}
