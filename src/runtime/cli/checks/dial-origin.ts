import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { fail, ok, type Result } from '../../../core/result.ts'

/** The longest that is waited, whatever a route allows. */
const WAIT_MAX_MS = 5000

/** That there is a connection, with the end of the certificate where there is one; or the code of the fault. */
export type Dialled = Result<{ readonly certificateEndsAt: Date | undefined }, string>

/** Opens a connection to an origin as the gateway does, TLS and its certificate included, and closes it unused. */
export async function dialOrigin(origin: string, connectMs: number): Promise<Dialled> {
  const { protocol, hostname, port } = new URL(origin)
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const address = { host, port: Number(port || (isSecure ? 443 : 80)) }
  const { promise, resolve } = Promise.withResolvers<Dialled>()
  const socket: Socket = isSecure
    ? connectTls({ ...address, servername: isIP(host) === 0 ? host : '' })
    : connectTcp(address)
  const timer = setTimeout(() => resolve(fail('ETIMEDOUT')), Math.min(connectMs, WAIT_MAX_MS))
  socket.once(isSecure ? 'secureConnect' : 'connect', () => resolve(ok({ certificateEndsAt: endOf(socket) })))
  // What comes after the verdict is of no interest any more.
  socket.on('error', (error) => resolve(fail(codeOf(error))))
  const dialled = await promise
  clearTimeout(timer)
  socket.destroy()
  return dialled
}

function endOf(socket: Socket): Date | undefined {
  return socket instanceof TLSSocket ? new Date(socket.getPeerCertificate().valid_to) : undefined
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
