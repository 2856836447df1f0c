import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Opens a WebSocket through a proxy; rejects with the status when it is refused. */
export async function dial(
  port: number,
  call: {
    readonly target: string
    readonly token?: string
    readonly protocols?: readonly string[]
  },
): Promise<WebSocket> {
  const { target, token, protocols = [] } = call
  const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, [...protocols], {
    headers: { Host: 'api.example', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
  })
  await once(socket, 'open')
  return socket
}
