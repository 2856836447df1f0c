import type { Socket } from 'node:net'
import { type RawAnswer, rawAnswers } from '../hostile/raw-socket.ts'
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts'
import { startTestServer, type TestServer } from './running-gateway.ts'

/** A gateway whose every closed rule stands above one that is open to all, and the upstream that sees what gets by. */
export interface AttackedGateway {
  readonly gateway: TestServer
  readonly upstream: RecordingUpstream
  /** The field that shows a token of few permissions. */
  readonly bearer: string
  readonly token: string
  /** Writes bytes to one connection, and answers all that came back until it was closed. */
  readonly send: (bytes: string | Buffer | ((socket: Socket) => void)) => Promise<readonly RawAnswer[]>
  /** What the upstream was asked, as `GET /x`. */
  readonly seenTargets: () => readonly string[]
  readonly close: () => Promise<void>
}

export async function startAttackedGateway(): Promise<AttackedGateway> {
  const upstream = await startRecordingUpstream((request, response) => {
    const { origin } = request.headers
    // Any page may read it, with its cookies.
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    response.end(`hello ${request.url}`)
  })
  const gateway = await startTestServer({
    CORS_ORIGINS: 'https://page.test',
    ROUTES: JSON.stringify({
      upstreams: { all: upstream.url },
      routes: [
        { path: '/admin/*', permissions: ['none:such'], upstream: 'all' },
        { path: '/api/*', strip_prefix: '/api', upstream: `${upstream.url}/base` },
        {
          path: '/host/*',
          hosts: ['inner.test'],
          permissions: ['none:such'],
          name: 'inner',
          upstream: 'all',
        },
        { path: '/host/*', upstream: 'all' },
        {
          path: '/secret/*',
          upstream: 'all',
          request_headers: { set: { 'X-Env': 'prod' }, remove: ['X_Gone'] },
        },
        { path: '/keys/*', upstream: 'all', credentials: ['api_key'], pass_credential: true },
        {
          path: '/told/*',
          upstream: 'all',
          pass_credential: true,
          identity_token: { audience: 'https://told' },
        },
        { path: '/posts/*', methods: ['GET', 'POST'], upstream: 'all' },
        // Open to all: what a closed rule above does not take falls here.
        { path: '/*', public: true, upstream: 'all' },
      ],
    }),
  })
  const { apiKey } = await gateway.key(['orders:read'])
  const token = await gateway.token(apiKey)
  return {
    gateway,
    upstream,
    token,
    bearer: `Authorization: Bearer ${token}`,
    send: (bytes) => rawAnswers(gateway.url, bytes),
    seenTargets: () => upstream.seen.map(({ method, target }) => `${method} ${target}`),
    async close() {
      await gateway.remove()
      await upstream.close()
    },
  }
}

/** Spells a request as it is written, with nothing added. */
export function spell(line: string, fields: readonly string[] = ['Host: a.test'], rest = '\r\n\r\n'): string {
  return [line, ...fields].join('\r\n') + rest
}

/** The last one of a connection: what was in doubt before it would be in its way. */
export const last = spell('GET /last HTTP/1.1', ['Host: a.test', 'Connection: close'])

export const statuses = (answers: readonly RawAnswer[]): readonly number[] =>
  answers.map(({ status }) => status)
