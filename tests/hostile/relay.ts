import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

/** A real hop on the way to a database, which can be cut or fall silent. */
export interface Relay {
  /** The database's URL by way of this hop. */
  readonly url: string
  /** Takes the bytes of both sides and passes none on, without a word to either. */
  readonly fallSilent: () => void
  /** Cuts all connections and refuses new ones. */
  readonly cut: () => Promise<void>
  /** Passes everything on again. */
  readonly mend: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function openRelay(databaseUrl: string): Promise<Relay> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let silent = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => {
        if (!silent) to.write(bytes)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cut = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    fallSilent: () => {
      silent = true
    },
    cut,
    async mend() {
      silent = false
      if (!server.listening) await listen(port)
    },
    async close() {
      if (server.listening) await cut()
    },
  }
}
