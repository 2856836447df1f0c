// A chat client for the terminal: node client.js ROOM. What is typed is said; what is said is printed.

import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const gateway = process.env.GUICHET_URL ?? 'http://localhost:3000'
const apiKey = process.env.GUICHET_API_KEY
const room = process.argv[2] ?? 'lobby'

if (apiKey === undefined) end('Set GUICHET_API_KEY to a key whose client may chat:join.')

const keyboard = createInterface({ input: process.stdin })
let tokens = await exchange('/api/v1/auth/token/', { apiKey })
let socket = join()
keyboard.on('line', (line) => socket.readyState === WebSocket.OPEN && socket.send(line))
keyboard.on('close', () => socket.close(1000))

function join() {
  const joining = new WebSocket(`${gateway.replace(/^http/, 'ws')}/chat/${room}`, {
    headers: { Authorization: `Bearer ${tokens.access}` },
  })
  joining.on('message', (data) => show(JSON.parse(data.toString())))
  joining.on('error', (error) => process.stderr.write(`${error.message}\n`))
  joining.on('close', async (code, reason) => {
    // The access token has ended, not the right to be here: the refresh token gets the next one.
    if (code === 4401 && reason.toString() === 'token_expired') {
      tokens = await exchange('/api/v1/auth/token/refresh/', { refresh: tokens.refresh })
      socket = join()
      return
    }
    if (code !== 1000) end(`The gateway or the chat closed: ${code} ${reason}`)
    keyboard.close()
  })
  return joining
}

/**
 * Asks the gateway for tokens.
 *
 * @param {string} path
 * @param {Record<string, string>} body
 * @returns {Promise<{ access: string, refresh: string }>}
 */
async function exchange(path, body) {
  const response = await fetch(gateway + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { data, error } = await response.json()
  return response.ok ? data : end(`${error.code}: ${error.message}`)
}

/** @param {{ type: string, from?: string, text?: string, you?: string, others?: string[] }} event */
function show({ type, from, text, you, others }) {
  /** @type {Record<string, string>} */
  const lines = {
    welcome: `You are ${you}. Here already: ${others?.join(', ') || 'nobody'}.`,
    joined: `* ${from} came`,
    left: `* ${from} left`,
    message: `${from}: ${text}`,
  }
  process.stdout.write(`${lines[type] ?? ''}\n`)
}

/**
 * @param {string} text
 * @returns {never}
 */
function end(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
