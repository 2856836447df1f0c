import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLogger, gatewayLog } from '../../src/runtime/log.ts'
import { aRequestLine } from '../support/request-line.ts'

const line = aRequestLine({
  requestId: 'quotes " and \\ and \n and \u2028 and é',
  durationMs: 0.125,
  clientId: 'a client',
  keyId: 'a key',
})

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
