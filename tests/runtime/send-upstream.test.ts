import type { IncomingMessage, RequestListener } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { rawAnswer, spellRequest } from '../hostile/raw-socket.ts'
import { httpUpstream, openPipe, type Pipe, type TestUpstream } from '../support/pipe.ts'

let upstream: TestUpstream
let pipe: Pipe

afterEach(async () => {
  await pipe.close()
  await upstream.close()
})

async function carry(serve: RequestListener, change?: Parameters<typeof openPipe>[1]): Promise<void> {
  upstream = await httpUpstream(serve)
  pipe = await openPipe(upstream.origin, change)
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await message.toArray())
}

const ask = (line: string, fields: readonly string[] = [], body = '') =>
  rawAnswer(pipe.url, spellRequest(line, fields, body))

describe('a call to an upstream', () => {
  it('carries method, target, fields and body as they are, and the answer back', async () => {
    await carry(async (request, response) => {
      const body = await bodyOf(request)
      response.writeHead(207, ['X-Two', 'a', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-two', 'b'])
      response.end(JSON.stringify([request.method, request.url, request.rawHeaders, body.toString()]))
    })
    const answer = await ask(
      'PATCH /a%2Fb/..;x?q=%41&q=b HTTP/1.1',
      ['X-One: 1', 'x-one: \u00e9', 'Content-Length: 4'],
      'body',
    )
    expect(answer.status).toBe(207)
    expect(answer.headers.get('set-cookie')).toBe('a=1, b=2')
    expect(answer.headers.get('x-two')).toBe('a, b')
    expect(answer.headers.get('date')).not.toContain(', , ')
    const [method, target, fields, body] = answer.body
    expect([method, target, body]).toEqual(['PATCH', '/a%2Fb/..;x?q=%41&q=b', 'body'])
    expect(fields.join('\n')).toContain('X-One\n1\nx-one\n')
    expect(fields.join('\n')).toContain('content-length\n4')
    expect(pipe.outcomes).toMatchObject([{ kind: 'answered', status: 207, complete: true }])
  })

  it('carries a body without a length in chunks, both ways', async () => {
    await carry(async (request, response) => {
      response.write(`${request.headers['transfer-encoding']} `)
      response.end(await bodyOf(request))
    })
    const answer = await ask(
      'POST / HTTP/1.1',
      ['Transfer-Encoding: chunked'],
      '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    )
    expect(answer.headers.get('transfer-encoding')).toBe('chunked')
    expect(answer.text).toBe('chunked abcde')
  })
})
