import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answers, type Child, startChild } from '../child.ts'
import { cores } from '../cores.ts'
import { freePort } from '../free-port.ts'
import { requireProgram } from '../program-path.ts'

export interface Haproxy extends Child {
  /** Verifies the token and answers by itself. */
  readonly answering: string
  /** Verifies the token and passes the call on. */
  readonly proxying: string
}

/** HAProxy on the measured core, one thread. @throws Error when it is not installed */
export async function startHaproxy(
  folder: string,
  { upstream, publicPem }: { readonly upstream: string; readonly publicPem: string },
): Promise<Haproxy> {
  const program = requireProgram('haproxy')
  const ports = { answering: await freePort(), proxying: await freePort() }
  const keyFile = join(folder, 'haproxy-key.pem')
  await writeFile(keyFile, publicPem)
  const configuration = join(folder, 'haproxy.cfg')
  await writeFile(configuration, configure({ ports, upstream, keyFile }))
  const answering = `http://127.0.0.1:${ports.answering}`
  const child = await startChild([program, '-db', '-f', configuration], {
    core: cores.measured,
    logFile: join(folder, 'haproxy.log'),
    ready: () => answers(answering),
  })
  return { ...child, answering, proxying: `http://127.0.0.1:${ports.proxying}` }
}

interface Configuration {
  readonly ports: { readonly answering: number; readonly proxying: number }
  readonly upstream: string
  readonly keyFile: string
}

/** The checks of a token that its own documentation shows: the algorithm, the signature, the issuer, the expiry. */
const verification = (keyFile: string) => `
  http-request deny deny_status 401 unless { req.hdr(authorization) -m found }
  http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
  http-request set-var(txn.iss) http_auth_bearer,jwt_payload_query('$.iss')
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str bench }
  http-request deny deny_status 401 unless { http_auth_bearer,jwt_verify(txn.alg,"${keyFile}") -m int 1 }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }`

const configure = ({ ports, upstream, keyFile }: Configuration) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend answering
  bind 127.0.0.1:${ports.answering}
${verification(keyFile)}
  http-request return status 200 content-type application/json string '{"ok":true}'
frontend proxying
  bind 127.0.0.1:${ports.proxying}
${verification(keyFile)}
  default_backend api
backend api
  server api ${new URL(upstream).host}
`
