import { WebSocket } from 'ws'

/**
 * @typedef {object} Identity Who is in a room, as the gateway knows them.
 * @property {string} subject
 * @property {string} client
 * @property {readonly string[]} permissions
 */

/** A message is cut after this many characters. */
const TEXT_MAX_LENGTH = 2000

/** Who reads so slowly that this much waits for them has left in all but name. */
const BACKLOG_MAX_BYTES = 1024 * 1024

/** The rooms and who is in them. A room is there while somebody is in it. */
export function createRooms() {
  /** @type {Map<string, Map<WebSocket, Identity>>} */
  const rooms = new Map()

  return {
    /**
     * Lets somebody into a room, until their socket closes.
     *
     * @param {string} name
     * @param {WebSocket} socket
     * @param {Identity} identity
     */
    enter(name, socket, identity) {
      const members = rooms.get(name) ?? new Map()
      rooms.set(name, members)
      const others = [...members.values()].map(({ subject }) => subject)
      say(socket, { type: 'welcome', room: name, you: identity.subject, others })
      tell(members, { type: 'joined', from: identity.subject })
      members.set(socket, identity)

      socket.on('message', (data, isBinary) => {
        const text = isBinary ? '' : data.toString().trim().slice(0, TEXT_MAX_LENGTH)
        if (text === '') return
        tell(members, { type: 'message', from: identity.subject, text, at: new Date().toISOString() })
      })
      // A broken socket closes as well.
      socket.on('error', () => {})
      socket.on('close', () => {
        members.delete(socket)
        tell(members, { type: 'left', from: identity.subject })
        if (members.size === 0 && rooms.get(name) === members) rooms.delete(name)
      })
    },

    /** Sends everybody home. */
    close() {
      for (const members of rooms.values()) for (const socket of members.keys()) socket.close(1001)
    },
  }
}

/**
 * Tells something to all members of a room.
 *
 * @param {Map<WebSocket, Identity>} members
 * @param {object} event
 */
function tell(members, event) {
  for (const socket of members.keys()) say(socket, event)
}

/**
 * @param {WebSocket} socket
 * @param {object} event
 */
function say(socket, event) {
  if (socket.bufferedAmount > BACKLOG_MAX_BYTES) socket.terminate()
  else if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event))
}
