import { expect, it } from 'vitest'
import { answerFields } from '../../src/gateway/answer-fields.ts'
import { requestFields } from '../../src/gateway/request-fields.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'

const headers = { set: { x_team: 'blue' }, remove: ['X_Debug', 'X.Trace'] }
const fields = [
  'X_Debug',
  '1',
  'x-debug',
  '1',
  'X.Trace',
  '1',
  'X_Team',
  'red',
  'X-Team',
  'red',
  'X-Kept',
  '1',
]

it('a rule removes and replaces a field that it spells with another sign than a dash', () => {
  const rules = parseRules(
    JSON.stringify({ routes: [{ path: '/*', request_headers: headers, response_headers: headers }] }),
  )
  const rule = rules.ok ? rules.value[0]! : undefined!
  const sent = requestFields(
    { fields, peer: undefined, peerIsTrusted: false, scheme: 'http' },
    {
      rule,
      identity: undefined,
      requestId: 'r',
      clientAddress: undefined,
      upstreamHost: undefined,
      identityToken: undefined,
    },
  )
  const answered = answerFields(fields, { rule, own: [] })
  for (const all of [sent, answered]) {
    const theirs = all.filter((_, index) => index % 2 === 0 && /debug|trace|team|kept/i.test(all[index]!))
    expect(theirs).toEqual(['X-Kept', 'x_team'])
    expect(all[all.indexOf('x_team') + 1]).toBe('blue')
  }
})
