import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import {
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ReadMemory } from '../../src/runtime/upstream/read-memory.ts'
import { makeCertificate } from '../support/certificate.ts'
import { httpUpstream, openPipe, type Pipe, rawUpstream, type TestUpstream } from '../support/pipe.ts'

const MIB = 1024 * 1024
/** What is copied, and what is read at once at most. */
const SHORT = 16 * 1024
const LONG = 256 * 1024

/** More than the kernel takes for a client that does not read. */
const BODY_BYTES = 24 * MIB
const bodies = Array.from({ length: 6 }, () => randomBytes(BODY_BYTES))
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

let upstream: TestUpstream | undefined
let pipe: Pipe | undefined

afterEach(async () => {
  await pipe?.close()
  await upstream?.close()
  upstream = undefined
  pipe = undefined
})

/** `/FRAMING/N` is answered with the body of that number. */
const serve: RequestListener = (request, response) => {
  const [, framing = '', number] = (request.url ?? '').split('/')
  const body = bodies[Number(number)]!
  if (framing === 'length') response.setHeader('Content-Length', BODY_BYTES)
  // As many chunks as fit into what is read at once, and none that ends where a read does.
  const pieceBytes = framing === 'chunks' ? 9973 : BODY_BYTES
  pour(response, body, pieceBytes)
}

function pour(response: ServerResponse, body: Buffer, pieceBytes: number): void {
  let at = 0
  const more = () => {
    while (at < body.byteLength) {
      const piece = body.subarray(at, at + pieceBytes)
      at += piece.byteLength
      if (response.write(piece)) continue
      response.once('drain', more)
      return
    }
    response.end()
  }
  more()
}

async function ask(path: string): Promise<IncomingMessage> {
  const [answer] = await once(httpRequest(`${pipe?.url}${path}`, { agent: false }).end(), 'response')
  return answer as IncomingMessage
}

async function digestOf(answer: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of answer) hash.update(chunk)
  return hash.digest('hex')
}

/** Three clients rest while three others read all of theirs; one more goes away in the middle. */
async function downloadBesideResting(framing: string): Promise<readonly string[]> {
  const resting = await Promise.all([0, 1, 2].map((number) => ask(`/${framing}/${number}`)))
  const gone = await ask(`/${framing}/5`)
  await once(gone, 'data')
  gone.destroy()
  const swift = await Promise.all(
    [3, 4, 5].map(async (number) => digestOf(await ask(`/${framing}/${number}`))),
  )
  return [...(await Promise.all(resting.map(digestOf))), ...swift]
}

describe('large answers at the same time', { timeout: 30_000 }, () => {
  it.each(['length', 'chunks'])(
    'arrive as they were sent, however slowly some are taken: %s',
    async (framing) => {
      upstream = await httpUpstream(serve)
      pipe = await openPipe(upstream.origin)
      expect(await downloadBesideResting(framing)).toEqual(bodies.map(digest))
      // On the connections that were there, with what they read into.
      expect(await downloadBesideResting(framing)).toEqual(bodies.map(digest))
    },
  )

  it('arrive as they were sent from behind TLS', async () => {
    const trusted = getCACertificates('default')
    const { key, cert } = makeCertificate()
    setDefaultCACertificates([...trusted, cert.toString('utf8')])
    const server = createHttpsServer({ key, cert }, serve).listen(0, 'localhost')
    await once(server, 'listening')
    try {
      pipe = await openPipe(`https://localhost:${(server.address() as AddressInfo).port}`)
      expect(await downloadBesideResting('length')).toEqual(bodies.map(digest))
    } finally {
      setDefaultCACertificates(trusted)
      server.closeAllConnections()
      server.close()
    }
  })
})

describe('answers that come in one read', () => {
  it('are read into memory that is used again', async () => {
    const body = randomBytes(60 * 1024)
    upstream = await httpUpstream((_request, response) => response.end(body))
    pipe = await openPipe(upstream.origin)
    const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow')
    try {
      for (let call = 0; call < 100; call += 1) {
        const answer = await fetch(pipe.url)
        expect(digest(Buffer.from(await answer.arrayBuffer()))).toBe(digest(body))
      }
      const long = allocated.mock.calls.filter(([bytes]) => bytes === LONG)
      expect(long.length).toBeLessThan(10)
    } finally {
      allocated.mockRestore()
    }
  })
})

/** Connects to the gateway by a Unix socket: its kernel holds a fixed 200 KiB, as a line far away does. */
async function connectFarAway(): Promise<Socket> {
  const server = createTcpServer((socket) => pipe?.http.server.emit('connection', socket))
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-'))
  try {
    server.listen(join(folder, 'gateway.sock'))
    await once(server, 'listening')
    const client = connect(join(folder, 'gateway.sock'))
    await once(client, 'connect')
    return client
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
}

describe('an answer that comes faster than it is taken', () => {
  it.each([9973, 65_536])('waits at the upstream, in chunks of %i bytes', async (chunkBytes) => {
    const chunk = Buffer.alloc(chunkBytes, 'x')
    upstream = await httpUpstream((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more)
      }
      more()
    })
    pipe = await openPipe(upstream.origin)
    const client = await connectFarAway()
    client.write('GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n')
    let takenBytes = 0
    let ahead = 0
    for await (const piece of client) {
      takenBytes += piece.byteLength
      const [sender] = upstream.sockets
      ahead = Math.max(ahead, sender!.bytesWritten - sender!.writableLength - takenBytes)
      if (takenBytes > 192 * MIB) break
      // The others have their turn, and more of them than one.
      for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
    }
    expect(ahead).toBeLessThan(24 * MIB)
  })
})

describe('what a connection reads into', () => {
  /** Reads it all; `onPiece` is told of each piece and how many came before it. Nothing is copied by the reader. */
  async function readAll(
    onBytes: (socket: Socket, all: string) => void,
    onPiece: (memory: ReadMemory, piece: Buffer, before: number) => void,
  ): Promise<readonly Buffer[]> {
    upstream = await rawUpstream(onBytes)
    const memory = new ReadMemory()
    const pieces: Buffer[] = []
    const { hostname, port } = new URL(upstream.origin)
    const socket = connect({ host: hostname, port: Number(port), onread: memory.onread })
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece)
      onPiece(memory, piece, pieces.length - 1)
      if (piece.byteLength < SHORT) socket.write('more')
    })
    socket.write('more')
    await once(socket, 'close')
    return pieces
  }

  const sendAll = (socket: Socket, all: string) => void (all === 'more' && socket.end(bodies[0]!))
  const memoriesOf = (pieces: readonly Buffer[]) => new Set(pieces.map(({ buffer }) => buffer)).size

  it('is used again once it is given back', async () => {
    const hash = createHash('sha256')
    const pieces = await readAll(sendAll, (memory, piece) => {
      hash.update(piece)
      memory.giveBack(piece)
    })
    expect(memoriesOf(pieces)).toBeLessThan(10)
    expect(hash.digest('hex')).toBe(digest(bodies[0]!))
  })

  it('is left alone until then, and when only a part is given back', async () => {
    const pieces = await readAll(sendAll, (memory, piece) => memory.giveBack(piece.subarray(0, -1)))
    expect(memoriesOf(pieces)).toBeGreaterThanOrEqual(BODY_BYTES / LONG)
    expect(digest(Buffer.concat(pieces))).toBe(digest(bodies[0]!))
  })

  it('is given to one reader, though it be given back twice', async () => {
    const begin: Buffer[] = []
    const pieces = await readAll(sendAll, (memory, piece, before) => {
      if (before > 4) return
      begin.push(Buffer.from(piece))
      memory.giveBack(piece)
      memory.giveBack(piece)
    })
    expect(digest(Buffer.concat([...begin, ...pieces.slice(begin.length)]))).toBe(digest(bodies[0]!))
  })

  it('is not what a short piece is handed out in', async () => {
    let sent = 0
    const answer = (socket: Socket) => {
      if (sent === 100) socket.end()
      else socket.write(`piece ${sent}`)
      sent += 1
    }
    const pieces = await readAll(answer, (memory, piece) => memory.giveBack(piece))
    expect(pieces.map(String)).toEqual(Array.from({ length: 100 }, (_, at) => `piece ${at}`))
  })
})
