import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { listenSomewhere } from '../../support/listen-somewhere.ts'

export interface ServedApp {
  readonly url: string
  /** Tells the page where its Supabase is, from the next load on. */
  readonly configure: (config: AppConfig) => void
  readonly close: () => Promise<void>
}

export interface AppConfig {
  readonly url: string
  readonly key: string
  readonly flowType: 'implicit' | 'pkce'
}

/** As it is published for pages without a bundler. */
const packaged = join(
  dirname(createRequire(import.meta.url).resolve('@supabase/supabase-js/package.json')),
  'dist/umd/supabase.js',
)

const files: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/': [join(import.meta.dirname, 'index.html'), 'text/html; charset=utf-8'],
  '/app.js': [join(import.meta.dirname, 'app.js'), 'text/javascript; charset=utf-8'],
  '/supabase.js': [packaged, 'text/javascript; charset=utf-8'],
}

/** Serves the page of an application, at an origin of its own. */
export async function serveApp(): Promise<ServedApp> {
  let config: AppConfig | undefined
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app')
    const file = files[pathname]
    if (pathname === '/config.json') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(config))
    } else if (file === undefined) {
      response.writeHead(404).end()
    } else {
      response.writeHead(200, { 'Content-Type': file[1] }).end(await readFile(file[0]))
    }
  })
  const { port, close } = await listenSomewhere(server)
  return {
    url: `http://127.0.0.1:${port}`,
    configure: (next) => {
      config = next
    },
    close,
  }
}
