import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { parseRules } from '../../../src/gateway/rules-file.ts'
import { checkUpstreams } from '../../../src/runtime/cli/checks/upstreams-check.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { listenSomewhere } from '../../support/listen-somewhere.ts'
import { httpUpstream } from '../../support/pipe.ts'

const trusted = getCACertificates('default')
const servers: Server[] = []

afterEach(() => {
  setDefaultCACertificates(trusted)
  for (const server of servers.splice(0)) server.close()
})

const checked = async (...urls: readonly string[]) => {
  const routes = urls.map((upstream, at) => ({ path: `/${at}`, upstream, timeouts: { connect_ms: 1500 } }))
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  return checkUpstreams(rules.value)
}

async function listenByTls(certificate: { readonly key: Buffer; readonly cert: Buffer }): Promise<number> {
  const server = createTlsServer(certificate)
  servers.push(server)
  server.listen(0, 'localhost')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('the check of upstreams', () => {
  it('connects to each once, and sends nothing', async () => {
    let requests = 0
    const upstream = await httpUpstream(() => {
      requests++
    })
    expect(await checked(upstream.origin, `${upstream.origin}/base`)).toMatchObject({
      status: 'ok',
      finding: 'All can be connected to (1).',
    })
    expect([upstream.sockets.length, requests]).toEqual([1, 0])
    await upstream.close()
  })

  it('warns of one that refuses, and of a name that is unknown, among others that answer', async () => {
    const upstream = await httpUpstream(() => {})
    const gone = await listenSomewhere(createServer())
    await gone.close()
    const away = `http://127.0.0.1:${gone.port}`
    const check = await checked(upstream.origin, away, 'http://api.invalid')
    expect(check?.status).toBe('warn')
    expect(check?.finding).toMatch(/^2 of 3: /)
    expect(check?.finding).toContain(`${away} refuses the connection`)
    expect(check?.finding).toMatch(/http:\/\/api\.invalid has a name that/)
    await upstream.close()
  })

  it('warns of a certificate that nobody vouches for, of one for another name, and of one that ends soon', async () => {
    const lasting = makeCertificate({ days: 30 })
    const ending = makeCertificate({ days: 13 })
    const [good, soon] = [await listenByTls(lasting), await listenByTls(ending)]
    expect((await checked(`https://localhost:${good}`))?.finding).toContain('that nobody vouches for')
    setDefaultCACertificates([...trusted, lasting.cert.toString('utf8'), ending.cert.toString('utf8')])
    expect(await checked(`https://localhost:${good}`)).toMatchObject({ status: 'ok' })
    expect((await checked(`https://localhost:${soon}`))?.finding).toMatch(/certificate for 12 days more/)
    const { address } = servers[0]!.address() as AddressInfo
    const byNumber = `https://${address.includes(':') ? `[${address}]` : address}:${good}`
    expect((await checked(byNumber))?.finding).toContain('certificate for another name')
  })

  it('has nothing to say where nothing is forwarded', async () => {
    const rules = parseRules('routes: [{ path: /x }]')
    expect(rules.ok && (await checkUpstreams(rules.value))).toBeUndefined()
  })
})
