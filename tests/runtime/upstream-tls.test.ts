import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { rawAnswer, spellRequest } from '../hostile/raw-socket.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openPipe, type Pipe } from '../support/pipe.ts'

const trusted = getCACertificates('default')
let certificate: string
let connections = 0
let port: number
let pipe: Pipe

const server = createServer((request, response) =>
  response.end(`${request.headers.host} by ${request.httpVersion}`),
)

beforeAll(async () => {
  const { key, cert } = makeCertificate()
  certificate = cert.toString('utf8')
  server.setSecureContext({ key, cert })
  server.on('secureConnection', () => {
    connections += 1
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterEach(async () => {
  setDefaultCACertificates(trusted)
  await pipe.close()
})

afterAll(() => {
  server.close()
})

const ask = (host: string) =>
  rawAnswer(pipe.url, spellRequest('GET / HTTP/1.1').replace('Host: gateway.test', `Host: ${host}`))

describe('an upstream behind TLS', () => {
  it('is reached when its certificate is good for its own name, whatever the Host field says', async () => {
    setDefaultCACertificates([...trusted, certificate])
    pipe = await openPipe(`https://localhost:${port}`)
    expect(await ask('a.test')).toMatchObject({ status: 200, text: 'a.test by 1.1' })
    expect(await ask('b.test')).toMatchObject({ status: 200, text: 'b.test by 1.1' })
    expect(connections).toBe(1)
  })

  it('is unreachable when nobody vouches for its certificate', async () => {
    pipe = await openPipe(`https://localhost:${port}`)
    expect(await ask('localhost')).toMatchObject({ status: 502, text: 'unreachable' })
  })

  it('is unreachable when its certificate is for another name, though the client may call it by that one', async () => {
    setDefaultCACertificates([...trusted, certificate])
    const [{ address }] = [server.address() as AddressInfo]
    pipe = await openPipe(`https://${address.includes(':') ? `[${address}]` : address}:${port}`)
    expect(await ask('localhost')).toMatchObject({ status: 502, text: 'unreachable' })
    expect(pipe.outcomes).toMatchObject([{ detail: 'ERR_TLS_CERT_ALTNAME_INVALID' }])
  })
})
