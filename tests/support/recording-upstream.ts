import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { listenSomewhere } from './listen-somewhere.ts'

export interface SeenCall {
  readonly method: string
  /** The target as it arrived. */
  readonly target: string
  /** All fields, in lower case, in their order, with duplicates. */
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
}

export interface RecordingUpstream {
  readonly url: string
  readonly seen: SeenCall[]
  /** The one value of a field of the last call; undefined for none, an error for several. */
  readonly sawField: (name: string) => string | undefined
  readonly close: () => Promise<void>
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A plain HTTP server that writes down what it is asked. */
export async function startRecordingUpstream(
  answer: Answer = (_request, response) => response.end('ok'),
  upgrade?: Upgrade,
): Promise<RecordingUpstream> {
  const seen: SeenCall[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    try {
      for await (const chunk of request) body += chunk
    } catch {
      // Cut in the middle: nothing that was asked.
      return
    }
    const { rawHeaders } = request
    const fields = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
    )
    seen.push({ method: request.method ?? '', target: request.url ?? '', fields, body })
    answer(request, response)
  })
  if (upgrade !== undefined) server.on('upgrade', upgrade)
  const { port, close } = await listenSomewhere(server)
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    sawField(name) {
      const values = (seen.at(-1)?.fields ?? []).filter(([it]) => it === name).map(([, value]) => value)
      if (values.length > 1) throw new Error(`${name} came ${values.length} times`)
      return values[0]
    },
    close,
  }
}
