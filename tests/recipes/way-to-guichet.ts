import { connect, createServer, type Socket } from 'node:net'

/** What lies between the proxies and Guichet, where questions can be weighed, held up and cut off. */
export interface WayToGuichet {
  readonly port: number
  /** How much the proxies have asked so far. */
  readonly askedBytes: () => number
  /** From now on questions get no answer. */
  readonly hold: () => void
  /** From now on nobody listens. */
  readonly cut: () => Promise<void>
  readonly open: () => Promise<void>
}

export async function startWayToGuichet(guichetPort: number): Promise<WayToGuichet> {
  let askedBytes = 0
  let held = false
  const sockets = new Set<Socket>()
  const server = createServer((asking) => {
    const answering = connect(guichetPort, '127.0.0.1')
    for (const [socket, other] of [
      [asking, answering],
      [answering, asking],
    ] as const) {
      sockets.add(socket)
      // A connection that breaks, breaks on both sides.
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    asking.on('data', (chunk) => {
      askedBytes += chunk.length
      if (!held) answering.write(chunk)
    })
    answering.on('data', (chunk) => asking.write(chunk))
  })
  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  await listen(0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  const { port } = address
  return {
    port,
    askedBytes: () => askedBytes,
    hold() {
      held = true
    },
    async cut() {
      const closed = new Promise((done) => server.close(done))
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async open() {
      held = false
      if (!server.listening) await listen(port)
    },
  }
}
