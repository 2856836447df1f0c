export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever an answer holds
  readonly body: any
  readonly text: string
}

export interface Call {
  readonly token?: string | undefined
  readonly json?: unknown
  /** Parameters, posted as a form; a text goes as it is. */
  readonly form?: Readonly<Record<string, string>> | string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** One call over HTTP, its answer read to the end. */
export async function call(method: string, url: string, options: Call = {}): Promise<Answer> {
  return readAnswer(await fetch(url, { method, redirect: 'manual', ...init(options) }))
}

export function init({ token, json, form, headers }: Call): {
  headers: Record<string, string>
  body?: string
} {
  return {
    headers: {
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...(form !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(form !== undefined && { body: typeof form === 'string' ? form : formText(form) }),
  }
}

/** Parameters as a form spells them. */
export function formText(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString()
}

/** `Authorization: Basic` of an OAuth client: both parts form-encoded, then joined (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => formText({ '': text }).slice(1))
  return `Basic ${btoa(encoded.join(':'))}`
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
