import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { RequestLine } from '../../src/http/gateway-env.ts'
import { createLogger, gatewayLog } from '../../src/runtime/log.ts'

const line: RequestLine = {
  method: 'GET',
  route: '/api/v1/me',
  status: 200,
  durationMs: 0.125,
  requestId: 'quotes " and \\ and \n and \u2028 and é',
  clientId: 'a client',
  keyId: 'a key',
  userId: undefined,
  rule: undefined,
  upstream: undefined,
  shadowed: undefined,
  degraded: undefined,
  reason: undefined,
  cause: undefined,
}

describe('the line of a request', () => {
  const logged = (level: string) => {
    const stream = new PassThrough()
    const logger = createLogger(level, stream)
    gatewayLog(logger).request(line)
    logger.info(line, 'request')
    return String(stream.read() ?? '')
  }

  it('is what pino would write of it', () => {
    const lines = logged('info').trimEnd().split('\n')
    const [ours, pinos] = lines.map((text) => ({ ...JSON.parse(text), time: '' }))
    expect(lines).toHaveLength(2)
    expect(ours).toEqual(pinos)
    // In the same order too, for whoever reads the log by eye.
    expect(Object.keys(ours)).toEqual(Object.keys(pinos))
    expect(Math.abs(Date.parse(JSON.parse(lines[0] as string).time) - Date.now())).toBeLessThan(5000)
  })

  it('is left out where only what is graver is logged', () => {
    expect(logged('warn')).toBe('')
  })
})
