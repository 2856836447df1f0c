import { html, raw } from 'hono/html'
import { sha256 } from './sha256.ts'

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly security?: readonly unknown[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses?: Readonly<Record<string, Body>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
}

interface Body {
  readonly description?: string
  readonly content?: Readonly<Record<string, { readonly schema?: unknown; readonly example?: unknown }>>
}

interface Description {
  readonly info: { readonly title: string; readonly description?: string }
  readonly paths?: Readonly<Record<string, unknown>>
}

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:16px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem}h2{font-size:1.05rem;margin:0;display:inline}
details{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:.5rem .8rem}
summary{cursor:pointer}code,pre{font:.87em/1.5 ui-monospace,monospace}
pre{background:var(--soft);padding:.7rem;border-radius:.4rem;overflow-x:auto}
b{display:inline-block;min-width:4.2rem}.open{border:1px solid var(--line);border-radius:1rem;padding:0 .5rem;font-size:.8rem}
table{border-collapse:collapse}td{padding:.15rem 1rem .15rem 0;vertical-align:top}`

export interface DocsPage {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly contentSecurityPolicy: string
}

/** A page that shows an API description: plain HTML, no script, nothing loaded from anywhere. */
export async function docsPage(description: Description, openapiPath: string): Promise<DocsPage> {
  const style = `sha256-${await sha256(STYLE)}`
  const page = await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${description.info.title} API</title><style>${raw(STYLE)}</style></head>
<body><main><h1>${description.info.title} API</h1>
<p>${description.info.description ?? ''}</p>
<p>The same as OpenAPI 3.1: <a href="${openapiPath}">openapi.json</a></p>
${operations(description).map(operationSection)}
</main></body></html>`
  return {
    bytes: new Uint8Array(new TextEncoder().encode(page.toString())),
    contentSecurityPolicy: `default-src 'none'; style-src '${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function operations(description: Description) {
  return Object.entries(description.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  )
}

function operationSection({ method, path, operation }: ReturnType<typeof operations>[number]) {
  const isPublic = operation.security?.length === 0
  return html`<details><summary><b>${method}</b><h2><code>${path}</code></h2> ${operation.summary ?? ''}
${isPublic ? html`<span class="open">no token needed</span>` : ''}</summary>
<p>${operation.description ?? ''}</p>
${parameterTable(operation.parameters ?? [])}
${operation.requestBody === undefined ? '' : bodySection('Request', operation.requestBody)}
${Object.entries(operation.responses ?? {}).map(([status, body]) => bodySection(`Answer ${status}`, body))}
</details>`
}

function parameterTable(parameters: readonly Parameter[]) {
  if (parameters.length === 0) return ''
  return html`<table>${parameters.map(
    ({ name, in: place, required, description }) =>
      html`<tr><td><code>${name}</code></td><td>${place}${required === true ? '' : ', optional'}</td><td>${description ?? ''}</td></tr>`,
  )}</table>`
}

function bodySection(title: string, body: Body) {
  const [schema] = Object.values(body.content ?? {})
  return html`<p>${title}${body.description === undefined ? '' : `: ${body.description}`}</p>
${schema === undefined ? '' : html`<pre>${JSON.stringify(schema.example ?? schema.schema, null, 2)}</pre>`}`
}
