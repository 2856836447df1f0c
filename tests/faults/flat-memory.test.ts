import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { httpUpstream, type TestUpstream } from '../support/pipe.ts'

const MIB = 1024 * 1024
const DOWN_BYTES = 1024 * MIB
const UP_BYTES = 384 * MIB
const MAY_GROW_BYTES = 64 * MIB
const piece = Buffer.alloc(MIB, 'x')

let upstream: TestUpstream
let gateway: ChildProcess

afterEach(async () => {
  gateway.disconnect()
  await upstream.close()
})

async function startPipe(): Promise<string> {
  gateway = fork(join(import.meta.dirname, '../support/pipe-process.ts'), [upstream.origin], { execArgv: [] })
  const [{ url }] = await once(gateway, 'message')
  return url
}

async function rss(): Promise<number> {
  const answer = once(gateway, 'message')
  gateway.send('rss')
  return (await answer)[0].rss
}

/** Writes as fast as it is taken. */
function pour(into: NodeJS.WritableStream, bytes: number): void {
  let leftBytes = bytes
  const more = () => {
    while (leftBytes > 0) {
      leftBytes -= piece.byteLength
      if (into.write(piece)) continue
      into.once('drain', more)
      return
    }
    into.end()
  }
  more()
}

/**
 * Reads to the end with a rest now and then, and answers how much came and how far the gateway grew. The first part is
 * not counted: V8 lets 64 MiB of used buffers lie before it looks at them, whoever waits for whom.
 */
async function sip(stream: NodeJS.ReadableStream, warmUpBytes: number) {
  let before = 0
  let highest = 0
  let bytes = 0
  let rests = 0
  stream.on('data', async (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes / (32 * MIB) < rests) return
    rests += 1
    stream.pause()
    // Long enough for whoever does not wait to run far ahead.
    await new Promise((done) => setTimeout(done, 20))
    highest = Math.max(highest, await rss())
    if (bytes < warmUpBytes) before = highest
    stream.resume()
  })
  await once(stream, 'end')
  return { bytes, grownBytes: highest - before }
}

describe('a large body', { timeout: 60_000 }, () => {
  it('of a gibibyte goes down to a slow reader in flat memory', async () => {
    upstream = await httpUpstream((_request, response) => pour(response, DOWN_BYTES))
    const url = await startPipe()
    const [answer] = (await once(httpRequest(url, { agent: false }).end(), 'response')) as [IncomingMessage]
    const { bytes, grownBytes } = await sip(answer, DOWN_BYTES / 4)
    expect(bytes).toBe(DOWN_BYTES)
    expect(grownBytes).toBeLessThan(MAY_GROW_BYTES)
  })

  it('goes up to a slow upstream in flat memory', async () => {
    const sipped = Promise.withResolvers<Awaited<ReturnType<typeof sip>>>()
    upstream = await httpUpstream(async (request, response) => {
      sipped.resolve(await sip(request, UP_BYTES / 4))
      response.end()
    })
    const request = httpRequest(await startPipe(), { agent: false, method: 'PUT' })
    pour(request, UP_BYTES)
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(200)
    const { bytes, grownBytes } = await sipped.promise
    expect(bytes).toBe(UP_BYTES)
    expect(grownBytes).toBeLessThan(MAY_GROW_BYTES)
    answer.resume()
  })
})
