import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'

export interface ProxyAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface ProxyCall {
  readonly method?: string
  /** Sent as it is: nothing tidies it. */
  readonly target: string
  /** Name, value, name, value: with duplicates and in any spelling. */
  readonly fields?: readonly string[]
  readonly token?: string | undefined
  readonly body?: Buffer
}

/** One call to a proxy, its answer read to the end. */
export async function send(port: number, call: ProxyCall): Promise<ProxyAnswer> {
  const asked = open(port, call)
  asked.end(call.body)
  const answer = await answered(asked)
  let text = ''
  for await (const chunk of answer) text += chunk
  return { status: answer.statusCode!, headers: answer.headers, text }
}

/** The same, with the answer left open. */
export function open(port: number, { method = 'GET', target, fields = [], token, body }: ProxyCall) {
  return request({
    host: '127.0.0.1',
    port,
    method,
    path: target,
    agent: false,
    headers: [
      ...['Host', 'api.example'],
      ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
      ...(body === undefined ? [] : ['Content-Length', String(body.length)]),
      ...fields,
    ],
  })
}

export function answered(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((done, failed) => asked.once('response', done).once('error', failed))
}
