/** One request as the strictest reader of HTTP/1.1 finds it on a connection. */
export interface ReadRequest {
  readonly line: string
  readonly body: string
}

const LINE = /^[A-Z]+ [\x21-\x7e]+ HTTP\/1\.1$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/
const CHUNK = /^([0-9a-fA-F]{1,6})(?:;[\t\x20-\x7e]*)?$/

/**
 * The requests on a connection, up to the first whose beginning or end is in any doubt (RFC 9112): what no two readers could
 * disagree upon. Latin-1 stands for bytes.
 */
export function readStrictly(bytes: string): readonly ReadRequest[] {
  const requests: ReadRequest[] = []
  let rest = bytes
  for (;;) {
    const one = readOne(rest)
    if (one === undefined) return requests
    requests.push(one.request)
    if (one.isLast) return requests
    // RFC 9112 §2.2: empty lines before a request are passed over, and a bare LF may end one.
    rest = rest.slice(one.length).replace(/^[\r\n]+/, '')
  }
}

function readOne(bytes: string) {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [line = '', ...fields] = bytes.slice(0, headEnd).split('\r\n')
  const read = fields.map((field) => FIELD.exec(field))
  if (!LINE.test(line) || read.includes(null)) return undefined
  const valuesOf = (name: string) =>
    read.flatMap((field) => (field?.[1]?.toLowerCase() === name ? [field[2] ?? ''] : []))
  const body = bodyOf(bytes.slice(headEnd + 4), valuesOf('content-length'), valuesOf('transfer-encoding'))
  if (body === undefined || valuesOf('host').length !== 1) return undefined
  const isLast = valuesOf('connection').some((value) => /\bclose\b/i.test(value))
  return { request: { line, body: body.text }, length: headEnd + 4 + body.length, isLast }
}

function bodyOf(rest: string, lengths: readonly string[], codings: readonly string[]) {
  if (lengths.length + codings.length === 0) return { text: '', length: 0 }
  if (lengths.length + codings.length > 1) return undefined
  const [coding] = codings
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? chunksOf(rest) : undefined
  const length = /^[0-9]{1,6}$/.test(lengths[0] ?? '') ? Number(lengths[0]) : undefined
  return length === undefined || length > rest.length ? undefined : { text: rest.slice(0, length), length }
}

function chunksOf(rest: string): { readonly text: string; readonly length: number } | undefined {
  let [text, at] = ['', 0]
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    const [, hex] = end === -1 ? [] : (CHUNK.exec(rest.slice(at, end)) ?? [])
    if (hex === undefined) return undefined
    const size = Number.parseInt(hex, 16)
    at = end + 2
    if (size === 0) return trailersOf(rest, at, text)
    if (rest.slice(at + size, at + size + 2) !== '\r\n') return undefined
    text += rest.slice(at, at + size)
    at += size + 2
  }
}

function trailersOf(rest: string, from: number, text: string) {
  let at = from
  for (;;) {
    const end = rest.indexOf('\r\n', at)
    if (end === -1) return undefined
    if (end === at) return { text, length: end + 2 }
    if (!FIELD.test(rest.slice(at, end))) return undefined
    at = end + 2
  }
}
