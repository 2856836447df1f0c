import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { answers, type Child, startChild } from '../child.ts'
import { cores } from '../cores.ts'
import { freePort } from '../free-port.ts'
import { programPath } from '../program-path.ts'

export interface Upstream extends Child {
  readonly origin: string
  /** What answers, for the page. */
  readonly program: 'nginx' | 'node'
}

/** The files that it serves, by path, in bytes. */
export const upstreamFiles = { '/small.bin': 1024, '/large.bin': 1024 * 1024 } as const

/** The API behind the proxies, on the core that is not measured: nginx where it is installed, since it costs least there. */
export async function startUpstream(folder: string): Promise<Upstream> {
  const port = await freePort()
  for (const [path, bytes] of Object.entries(upstreamFiles)) {
    await writeFile(join(folder, path), Buffer.alloc(bytes, 'x'))
  }
  const nginx = programPath('nginx')
  const origin = `http://127.0.0.1:${port}`
  const configuration = join(folder, 'upstream.conf')
  await writeFile(configuration, configure(folder, port))
  const command =
    nginx === undefined
      ? [process.execPath, resolve(import.meta.dirname, 'upstream-server.ts')]
      : [nginx, '-p', folder, '-c', configuration]
  const child = await startChild(command, {
    core: cores.others,
    env: { PORT: String(port), UPSTREAM_FILES: JSON.stringify(upstreamFiles) },
    logFile: join(folder, 'upstream.log'),
    ready: () => answers(`${origin}/small.bin`),
  })
  return { ...child, origin, program: nginx === undefined ? 'node' : 'nginx' }
}

const configure = (folder: string, port: number) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${join(folder, 'upstream.pid')};
error_log ${join(folder, 'upstream-errors.log')};
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  server { listen 127.0.0.1:${port} reuseport; root ${folder}; open_file_cache max=10; }
}
`
