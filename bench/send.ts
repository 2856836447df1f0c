import type { Answer, HttpRequest } from './contender.ts'

const ANSWER_MAX_MS = 10_000

/** Makes one call, outside of any measurement. */
export async function send(origin: string, request: HttpRequest): Promise<Answer> {
  const response = await fetch(origin + request.path, {
    method: request.method,
    headers: request.headers,
    body: request.body ?? null,
    signal: AbortSignal.timeout(ANSWER_MAX_MS),
  })
  return { status: response.status, text: await response.text() }
}

/** A POST with JSON. */
export function postJson(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const all = { 'content-type': 'application/json', ...headers }
  return { method: 'POST', path, headers: all, body: JSON.stringify(body) } as const
}

/** A GET with a bearer token. */
export function getWith(token: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  return { method: 'GET', path, headers: { authorization: `Bearer ${token}`, ...headers } } as const
}
