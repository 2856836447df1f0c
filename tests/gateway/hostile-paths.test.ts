import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type AttackedGateway,
  last,
  spell,
  startAttackedGateway,
  statuses,
} from '../support/attacked-gateway.ts'

let attacked: AttackedGateway

beforeAll(async () => {
  attacked = await startAttackedGateway()
})

afterAll(() => attacked?.close())

beforeEach(() => {
  attacked.upstream.seen.length = 0
})

describe('a target that could be another', () => {
  it.each([
    ['//evil.test/x', 400],
    ['//', 400],
    ['///admin/x', 400],
    ['http://evil.test/x', 400],
    ['http://a.test@evil.test/x', 400],
    ['http://evil.test:80@a.test/x', 400],
    ['https:///x', 400],
    ['@evil.test/', 400],
    ['evil.test:80', 400],
    ['*', 400],
    ['?x', 400],
    ['/..', 400],
    ['/x/../admin/1', 400],
    ['/x/%2e%2e/admin/1', 400],
    ['/x/.%2E/admin/1', 400],
    ['/x/..%2fadmin/1', 400],
    ['/x%2f..%2fadmin', 400],
    ['/x/%252e%252e/admin/1', 400],
    ['/x/%252e%252e/admin/%25zz', 400],
    ['/x/%25252e%25252e/admin', 400],
    ['/x/..;/admin/1', 400],
    ['/x;a=b', 400],
    ['/admin;x/1', 400],
    ['/admin%3b/1', 400],
    ['/x\\..\\admin', 400],
    ['/x%5c..%5cadmin', 400],
    ['/x%00/admin', 400],
    ['/x%0d%0aX-Evil:%201', 400],
    ['/x%c0%ae%c0%ae/admin', 400],
    ['/x%e0%80%ae/admin', 400],
    ['/x%ff', 400],
    ['/x%', 400],
    ['/x%2', 400],
    ['/x%zz', 400],
    ['/x#/admin', 400],
    ['/x y', 400],
    ['/x\u00e9', 400],
    ['/./admin', 400],
    ['/api/../admin/1', 400],
    ['/api/%2e%2e/admin/1', 400],
    ['/api//admin/1', 400],
    ['/api/v1;x', 400],
    ['/api%2fv1/me', 400],
    ['/admin/1', 401],
    ['/ADMIN/1', 401],
    ['/%61dmin/1', 401],
    ['/Admin/', 401],
    ['/api/v1/me', 401],
    ['/%61pi/v1/me', 401],
    ['/api/v1', 401],
    ['/items/../api/v1/me', 401],
  ])('goes no further: %s', async (target, status) => {
    const answers = await attacked.send(Buffer.from(spell(`GET ${target} HTTP/1.1`) + last, 'latin1'))
    expect([answers[0]?.status, answers.length <= 2]).toEqual([status, true])
    if (answers[1] !== undefined)
      expect([answers[1].status, attacked.seenTargets()]).toEqual([200, ['GET /last']])
    else expect(attacked.seenTargets()).toEqual([])
  })

  it.each([
    ['http://a.test/x?y', '/x?y'],
    ['/x?a=//evil&b=../..&c=%2e%2e%2f', '/x?a=//evil&b=../..&c=%2e%2e%2f'],
    ['/@evil.test/', '/@evil.test/'],
    ['/:80', '/:80'],
    ['/...', '/...'],
    ['/x%25', '/x%25'],
    ['/openapi.json/x', '/openapi.json/x'],
    ['/%C3%A9%20', '/%C3%A9%20'],
  ])('goes as it came where it can be but one: %s', async (target, seen) => {
    const answers = await attacked.send(spell(`GET ${target} HTTP/1.1`) + last)
    expect([statuses(answers), attacked.seenTargets()]).toEqual([
      [200, 200],
      [`GET ${seen}`, 'GET /last'],
    ])
  })

  it('stays below the base path of its upstream', async () => {
    const targets = ['/api/x', '/API/@evil.test/', '/%61pi/http:/x', '/api/', '/api']
    // All but the absolute one, whose empty segment is refused.
    for (const target of targets)
      await attacked.send(
        spell(`GET ${target} HTTP/1.1`, ['Host: a.test', attacked.bearer, 'Connection: close']),
      )
    expect(attacked.seenTargets()).toEqual(
      ['/base/x', '/base/@evil.test/', '/base/http:/x', '/base/', '/base/'].map((it) => `GET ${it}`),
    )
  })
})

describe('a method', () => {
  it.each([
    'CONNECT a.test:80 HTTP/1.1',
    'CONNECT /x HTTP/1.1',
    'get /x HTTP/1.1',
    'Get /x HTTP/1.1',
    'EVIL /x HTTP/1.1',
  ])("is nobody's: %s", async (line) => {
    const answers = await attacked.send(spell(line) + last)
    expect(statuses(answers).filter((status) => status < 400)).toEqual([])
    expect(attacked.seenTargets()).toEqual([])
  })

  it('that mirrors a request is taken by no rule: it would show what rules add', async () => {
    const answers = await attacked.send(
      spell('TRACE /secret/1 HTTP/1.1', ['Host: a.test', attacked.bearer]) +
        spell('TRACE /x HTTP/1.1') +
        last,
    )
    expect(statuses(answers)).toEqual([404, 401, 200])
    expect(attacked.seenTargets()).toEqual(['GET /last'])
  })

  it.each(['HEAD', 'OPTIONS', 'PROPFIND', 'DELETE', 'PURGE'])(
    'is judged as any other: %s',
    async (method) => {
      const answers = await attacked.send(
        spell(`${method} /admin/1 HTTP/1.1`, ['Host: a.test', 'Connection: close']),
      )
      expect([answers[0]?.status, attacked.seenTargets()]).toEqual([401, []])
    },
  )

  it('is what it says, whatever else a field calls it', async () => {
    const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'X_HTTP_Method_Override']
    const fields = ['Host: a.test', 'Connection: close', ...names.map((name) => `${name}: DELETE`)]
    await attacked.send(spell('GET /x HTTP/1.1', fields))
    expect(attacked.upstream.seen[0]?.fields.filter(([, value]) => value === 'DELETE')).toEqual([])
  })

  it('of a preflight is answered here for listed pages, and by the rule for others', async () => {
    const preflight = (origin: string) =>
      spell('OPTIONS /admin/1 HTTP/1.1', [
        'Host: a.test',
        `Origin: ${origin}`,
        'Access-Control-Request-Method: PUT',
      ])
    const [listed, other, suffixed] = await attacked.send(
      preflight('https://page.test') +
        preflight('https://evil.test') +
        preflight('https://page.test.evil') +
        last,
    )
    expect([listed?.status, listed?.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://page.test',
    ])
    for (const answer of [other, suffixed])
      expect([answer?.status, answer?.headers.get('access-control-allow-origin')]).toEqual([401, undefined])
    expect(attacked.seenTargets()).toEqual(['GET /last'])
  })
})
