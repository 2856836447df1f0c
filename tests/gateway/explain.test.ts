import { describe, expect, it } from 'vitest'
import type { Question } from '../../src/core/explain/explain.ts'
import { explainBehind } from '../../src/dialects/native/explain-behind.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'

const rules = parseRules(`
routes:
  - { path: /keys, credentials: [api_key], upstream: http://a.test }
  - { path: /watched, credentials: [api_key], mode: shadow, upstream: http://a.test }
  - { path: /both, credentials: [token, api_key], upstream: http://a.test }
  - { path: /told, identity_token: { audience: https://a.test }, upstream: http://a.test }
`)
if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
const behind = createGateway(rules.value, { basePath: '' })
const caller = { subject: 's', clientId: 'c', keyId: 'k', permissions: ['a:b'], sessionId: '' }

const explained = (path: string, credential: Question['credential']) =>
  explainBehind(async () => ({ steps: [], failure: undefined, caller }), {
    behind,
    call: { credential, address: '203.0.113.9', at: new Date(0) },
    method: 'GET',
    host: 'api.test',
    target: path,
  })

const token = { kind: 'token', token: 't' } as const
const key = { kind: 'key_id', keyId: 'k' } as const

describe('an explanation of a call behind the gateway', () => {
  it('refuses a token where a route takes keys alone, as the gateway does', async () => {
    expect(await explained('/keys', token)).toMatchObject({ verdict: 'refused', code: 'missing_token' })
    expect(await explained('/watched', token)).toMatchObject({ verdict: 'allowed', code: 'missing_token' })
    expect(await explained('/both', token)).toMatchObject({ verdict: 'allowed', code: null })
    expect(await explained('/keys', key)).toMatchObject({ verdict: 'allowed', code: null })
  })

  it('shows where the call comes from, who makes it and that a short token goes along', async () => {
    const { rule } = await explained('/told', token)
    expect(rule?.upstream?.headers).toMatchObject({
      'X-Forwarded-For': '203.0.113.9',
      'X-Auth-Key-Id': 'k',
      Authorization: 'Bearer (a token for https://a.test)',
    })
  })
})
