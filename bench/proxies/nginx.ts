import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answers, type Child, startChild } from '../child.ts'
import { cores } from '../cores.ts'
import { freePort } from '../free-port.ts'
import { requireProgram } from '../program-path.ts'

export interface Nginx extends Child {
  /** Asks the gateway about every call, by auth_request. */
  readonly asking: string
  /** Passes every call on, whoever makes it. */
  readonly open: string
}

/** nginx on the measured core, one worker. @throws Error when it is not installed */
export async function startNginx(
  folder: string,
  { upstream, gateway }: { readonly upstream: string; readonly gateway: string },
): Promise<Nginx> {
  const program = requireProgram('nginx')
  const ports = { asking: await freePort(), open: await freePort() }
  const configuration = join(folder, 'nginx.conf')
  await writeFile(configuration, configure({ folder, ports, upstream, gateway }))
  const open = `http://127.0.0.1:${ports.open}`
  const child = await startChild([program, '-p', folder, '-c', configuration], {
    core: cores.measured,
    logFile: join(folder, 'nginx.log'),
    ready: () => answers(`${open}/small.bin`),
  })
  return { ...child, open, asking: `http://127.0.0.1:${ports.asking}` }
}

interface Configuration {
  readonly folder: string
  readonly ports: { readonly asking: number; readonly open: number }
  readonly upstream: string
  readonly gateway: string
}

const configure = ({ folder, ports, upstream, gateway }: Configuration) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'nginx-errors.log')};
events { worker_connections 4096; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  client_body_temp_path ${join(folder, 'nginx-body')};
  proxy_temp_path ${join(folder, 'nginx-proxy')};
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  upstream api { server ${new URL(upstream).host}; keepalive 128; keepalive_requests 1000000000; }
  upstream guichet { server ${new URL(gateway).host}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${ports.open};
    location / { proxy_pass http://api; }
  }
  server {
    listen 127.0.0.1:${ports.asking};
    location / {
      auth_request /ask-guichet;
      proxy_pass http://api;
    }
    location = /ask-guichet {
      internal;
      proxy_pass http://guichet/authz/auth-request;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    }
  }
}
`
