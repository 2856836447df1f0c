import { describe, expect, it } from 'vitest'
import { tracingSettings } from '../../../src/settings/tracing.ts'

const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector.test:4318'

describe('the standard variables of OpenTelemetry', () => {
  it('ask for traces by an endpoint alone', () => {
    expect(tracingSettings({})).toBeUndefined()
    expect(tracingSettings({ OTEL_SERVICE_NAME: 'gate', OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined()
    const sampler = { asksCaller: true, ratio: 1 }
    const byDefault = { serviceName: undefined, gatherMs: 5000, sampler }
    expect(tracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT })).toEqual(byDefault)
    expect(
      tracingSettings({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector.test/v1/traces' }),
    ).toEqual(byDefault)
  })

  it('say how long spans are gathered, and pass over what is no such time', () => {
    const gathered = (text: string) =>
      tracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_BSP_SCHEDULE_DELAY: text })?.gatherMs
    expect(['50', '0', '', '-1', 'soon', '99999999'].map(gathered)).toEqual([50, 0, 5000, 5000, 5000, 5000])
  })

  it.each([
    { OTEL_SDK_DISABLED: 'true' },
    { OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_TRACES_EXPORTER: 'console' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'not a URL' },
  ])('ask for none that we could send with %o', (more) => {
    expect(tracingSettings({ OTEL_EXPORTER_OTLP_ENDPOINT, ...more })).toBeUndefined()
  })

  it.each([
    ['always_on', undefined, false, 1],
    ['always_off', undefined, false, 0],
    ['traceidratio', '0.25', false, 0.25],
    ['parentbased_always_off', undefined, true, 0],
    ['parentbased_traceidratio', '0.1', true, 0.1],
    ['parentbased_traceidratio', '', true, 1],
    ['parentbased_traceidratio', '2', true, 1],
    ['parentbased_traceidratio', 'some', true, 1],
    ['xray', '0.1', true, 1],
  ])('choose the sampler %s of %s', (name, share, asksCaller, ratio) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }
    expect(tracingSettings(env)?.sampler).toEqual({ asksCaller, ratio })
  })
})
