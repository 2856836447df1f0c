import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, readAnswer } from '../support/call.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { expectUnpolluted } from './odd-texts.ts'
import { faultOf } from './route-answers.ts'
import { type Asked, callsOf } from './route-calls.ts'
import { type RouteStage, routeStage } from './route-stage.ts'

let stage: RouteStage

beforeAll(async () => {
  stage = await routeStage()
})

afterAll(() => stage?.close())

let callers = 0

async function ask(method: string, { asker, target, headers, body }: Asked): Promise<Answer> {
  const gateway = stage.gateway()
  callers++
  gateway.comeFrom(`2001:db8:${(callers >> 16).toString(16)}:${(callers & 0xffff).toString(16)}::1`)
  const token = stage.token(asker)
  const fields = new Headers({ ...headers, ...(token !== undefined && { Authorization: `Bearer ${token}` }) })
  const hasBody = body !== undefined && method !== 'GET' && method !== 'HEAD'
  const request = new Request(`http://gateway.test${target}`, {
    method,
    headers: fields,
    ...(hasBody && { body }),
  })
  return readAnswer(await gateway.answer(request))
}

describe('every route of every face', patience, () => {
  it('answers whatever is asked of it with a success or a refusal of its face, and nothing of its inside', async () => {
    expect(stage.operations.length).toBeGreaterThan(100)
    const succeeded = new Set<string>()
    for (const operation of stage.operations) {
      const { method, path, isOpen } = operation
      await fc.assert(
        fc.asyncProperty(callsOf(stage, operation), async (asked) => {
          const answer = await ask(method, asked)
          expect([asked, faultOf(path, answer)]).toEqual([asked, undefined])
          expect([asked, stage.gateway().faults]).toEqual([asked, []])
          if (answer.status < 300) succeeded.add(`${method} ${path}`)
          if (!isOpen && asked.asker === 'stranger' && !/[.%\\]/.test(asked.target.split('?')[0]!))
            expect([asked, answer.status]).toEqual([asked, 401])
          if (answer.status < 300 && method !== 'GET') await stage.mend()
        }),
        fuzzed(4),
      )
      expectUnpolluted()
    }
    // Otherwise nothing but the door was tried.
    expect(succeeded.size).toBeGreaterThan(stage.operations.length / 4)
  })
})

describe('a path that nobody has thought of', patience, () => {
  it('is closed to strangers, unless it is another spelling of one that is open', async () => {
    const gateway = stage.gateway()
    const paths = [
      ...new Set(gateway.app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path)),
    ]
    const piece = fc.constantFrom(
      '/',
      '//',
      '/.',
      '/..',
      '%2e',
      '%2f',
      ';',
      '%00',
      'x',
      '\\',
      '%5c',
      '*',
      ':id',
      '%',
      '.json',
      '%20',
      '~',
      '@',
      '%61',
      'API',
    )
    const path = fc
      .record({
        base: fc.constantFrom(...paths),
        at: fc.nat(40),
        put: fc.array(piece, { maxLength: 3 }),
        drop: fc.nat(2),
      })
      .map(
        ({ base, at, put, drop }) =>
          base.replace(/:\w+/g, 'abcdefghijkl').slice(0, at) + put.join('') + base.slice(at + drop),
      )
      .map((text) => (text.startsWith('/') ? text : `/${text}`).replace(/[?#]/g, ''))
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY')
    await fc.assert(
      fc.asyncProperty(method, path, async (verb, target) => {
        const answer = await ask(verb, {
          asker: 'stranger',
          target,
          headers: {},
          body: verb === 'POST' ? '{}' : undefined,
        })
        // As the router reads it: the slash at its end belongs to nothing.
        const at = new URL(`http://gateway.test${target}`).pathname.replace(/(.)\/$/, '$1')
        expect([verb, target, faultOf(at, answer)]).toEqual([verb, target, undefined])
        if (answer.status === 401 || answer.status === 403) return
        // The router's own reading, and a naive one: whatever answers is open by both.
        const decoded = decodedOnce(at)
        const row = stage.gateway().table
        expect([verb, target, row.publicMethodsOf(decoded).length > 0]).toEqual([verb, target, true])
        if (answer.status < 300)
          expect([verb, target, row.isPublic(verb, decoded)]).toEqual([verb, target, true])
      }),
      fuzzed(400),
    )
  })
})

function decodedOnce(path: string): string {
  try {
    return decodeURI(path.replaceAll('%25', '%2525'))
  } catch {
    return path
  }
}
