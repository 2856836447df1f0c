import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; a name that came twice has its values joined by a comma. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever an answer holds
  readonly body: any
}

const DEADLINE_MS = 15_000

/** Writes bytes to a gateway as no client would, and answers all that came back until it closed the connection. */
export async function rawAnswers(
  url: string,
  request: string | Uint8Array | ((socket: Socket) => void),
): Promise<readonly RawAnswer[]> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('connect', () => {
    if (typeof request === 'function') request(socket)
    else socket.write(request)
  })
  await new Promise<void>((done, failed) => {
    const deadline = setTimeout(() => {
      socket.destroy()
      failed(new Error(`The connection was not closed; it had answered: ${Buffer.concat(chunks)}`))
    }, DEADLINE_MS)
    // A reset after the answer is one way to close: what came before it counts.
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(deadline)
      done()
    })
  })
  return parseAnswers(Buffer.concat(chunks))
}

/** As `rawAnswers`, where exactly one answer is due. */
export async function rawAnswer(
  url: string,
  request: string | Uint8Array | ((socket: Socket) => void),
): Promise<RawAnswer> {
  const answers = await rawAnswers(url, request)
  const [answer] = answers
  if (answer === undefined || answers.length > 1) throw new Error(`${answers.length} answers instead of one.`)
  return answer
}

/** Spells a request whose connection ends with its answer. */
export function spellRequest(line: string, headers: readonly string[] = [], body = ''): string {
  return [line, 'Host: gateway.test', 'Connection: close', ...headers, '', body].join('\r\n')
}

function parseAnswers(bytes: Buffer): readonly RawAnswer[] {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return []
  const [statusLine = '', ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const headers = new Map<string, string>()
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    const value = field.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  const rest = bytes.subarray(end + 4)
  const { text, after } = headers.get('transfer-encoding') === 'chunked' ? unchunk(rest) : cut(rest, headers)
  const answer = { status: Number(statusLine.split(' ')[1]), headers, text, body: parsed(text) }
  return [answer, ...parseAnswers(after)]
}

function cut(bytes: Buffer, headers: ReadonlyMap<string, string>) {
  const length = Number(headers.get('content-length') ?? 0)
  return { text: bytes.subarray(0, length).toString('utf8'), after: bytes.subarray(length) }
}

function unchunk(bytes: Buffer): { readonly text: string; readonly after: Buffer } {
  const end = bytes.indexOf('\r\n')
  const size = Number.parseInt(bytes.subarray(0, end).toString('latin1'), 16)
  const next = bytes.subarray(end + 2 + size + 2)
  if (!(size > 0)) return { text: '', after: next }
  const chunk = bytes.subarray(end + 2, end + 2 + size).toString('utf8')
  const rest = unchunk(next)
  return { text: chunk + rest.text, after: rest.after }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
