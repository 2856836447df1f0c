import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | null
  readonly body: string
}

export interface Front {
  readonly url: string
  /** All requests that arrived so far. */
  readonly seen: SeenRequest[]
  /** Those of one path. */
  readonly seenAt: (path: string) => readonly SeenRequest[]
  /** Answers the next requests of a path by itself, as a limiter or a balancer in front does, one after the other. */
  readonly answerNext: (path: string, ...answers: readonly (Response | Promise<Response>)[]) => void
  readonly close: () => Promise<void>
}

/** A real server on a free port that writes down what arrives and lets `answer` answer. */
export async function startFront(answer: (request: Request) => Response | Promise<Response>): Promise<Front> {
  const seen: SeenRequest[] = []
  const own = new Map<string, (Response | Promise<Response>)[]>()
  const server = createAdaptorServer({
    async fetch(request: Request) {
      const { pathname: path } = new URL(request.url)
      const body = await request.clone().text()
      seen.push({ method: request.method, path, authorization: request.headers.get('authorization'), body })
      return own.get(path)?.shift() ?? answer(request)
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    seenAt: (path) => seen.filter((request) => request.path === path),
    answerNext: (path, ...answers) => own.set(path, [...answers]),
    async close() {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
