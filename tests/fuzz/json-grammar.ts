/**
 * Says whether a text is one value of JSON, read by its grammar and by no parser of the platform's: what `JSON.parse` thinks
 * is what is asked elsewhere. Not for texts that nest deep.
 */
export function isJson(text: string): boolean {
  const end = valueEnd(text, 0)
  return end !== undefined && skipSpace(text, end) === text.length
}

const SPACE = /[ \t\n\r]*/y
const SCALAR = /null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const TEXT = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy

function valueEnd(text: string, from: number): number | undefined {
  const at = skipSpace(text, from)
  if (text[at] === '[') return membersEnd(text, at + 1, { close: ']', member: valueEnd })
  if (text[at] === '{') return membersEnd(text, at + 1, { close: '}', member: pairEnd })
  return matchEnd(SCALAR, text, at) ?? matchEnd(TEXT, text, at)
}

function pairEnd(text: string, from: number): number | undefined {
  const name = matchEnd(TEXT, text, skipSpace(text, from))
  if (name === undefined) return undefined
  const colon = skipSpace(text, name)
  return text[colon] === ':' ? valueEnd(text, colon + 1) : undefined
}

function membersEnd(
  text: string,
  from: number,
  {
    close,
    member,
  }: { readonly close: string; readonly member: (text: string, from: number) => number | undefined },
): number | undefined {
  const first = skipSpace(text, from)
  if (text[first] === close) return first + 1
  let at: number | undefined = first
  for (;;) {
    at = member(text, at)
    if (at === undefined) return undefined
    at = skipSpace(text, at)
    if (text[at] === close) return at + 1
    if (text[at] !== ',') return undefined
    at++
  }
}

function skipSpace(text: string, from: number): number {
  return matchEnd(SPACE, text, from) ?? from
}

function matchEnd(expression: RegExp, text: string, from: number): number | undefined {
  expression.lastIndex = from
  return expression.test(text) ? expression.lastIndex : undefined
}
