import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilListening } from '../../recipes/listening.ts'
import { proxyPath } from '../../recipes/programs.ts'
import { freePort } from '../../support/free-port.ts'

export interface Balancer {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** How often it asks each gateway whether it is ready; one refusal is enough. */
export const CHECK_EVERY_MS = 300

const config = (port: number, servers: readonly number[]) => `
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  # A gateway that is slow to say that it is ready is not away.
  timeout check 5s
  timeout client 30s
  timeout server 30s
frontend callers
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  balance roundrobin
  option httpchk
  http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host gateway.test
  http-check expect status 200
  default-server check inter ${CHECK_EVERY_MS}ms fall 1 rise 1
${servers.map((server, index) => `  server gateway${index} 127.0.0.1:${server}`).join('\n')}
`

/** HAProxy in front of gateways on these ports. It sends no call a second time: what is lost is seen. */
export async function startBalancer(servers: readonly number[]): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-balancer-'))
  const port = await freePort()
  await writeFile(join(folder, 'haproxy.cfg'), config(port, servers))
  const child = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], {
    env: { PATH: proxyPath },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (chunk) => {
    complaints += chunk
  })
  const exited = once(child, 'exit')
  if (!(await Promise.race([untilListening(port), exited.then(() => false)])))
    throw new Error(`HAProxy did not start:\n${complaints}`)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
