import { once } from 'node:events'
import { connect } from 'node:net'

/** True as soon as somebody listens there. */
export async function untilListening(port: number): Promise<boolean> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return true
    await new Promise((done) => setTimeout(done, 20))
  }
}
