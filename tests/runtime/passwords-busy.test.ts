import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faces } from '../../src/dialects/all.ts'
import { describeFault } from '../../src/runtime/log.ts'
import { hashingQueue } from '../../src/runtime/passwords/hashing-queue.ts'
import { PasswordsBusyError } from '../../src/runtime/passwords/passwords-busy-error.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const full = hashingQueue({ threads: 1, waitingMax: 0, waitMaxMs: 0, nowMs: () => 0 })

let gateway: TestGateway
beforeAll(async () => {
  const native = faces[0]
  const hashing = {
    basePath: '/hashing',
    refuse: native.refuse,
    endpoints: [
      {
        method: 'post',
        path: '/',
        permission: undefined,
        description: { responses: {} },
        handle: () => full(async () => new Response('hashed')),
      },
    ],
  } as const
  gateway = await createTestGateway({ app: { mounts: [...faces, hashing] } })
})
afterAll(() => gateway.close())

describe('a call whose password cannot be hashed in time', () => {
  it('is told to come again, and is one line in the log that says why', async () => {
    const token = await gateway.accessToken()
    const { status, body, headers } = await gateway.call('POST', '/hashing/', { token })
    expect([status, body.error.code]).toEqual([503, 'service_unavailable'])
    expect(headers.get('retry-after')).toBe('2')
    expect(gateway.faults).toEqual([expect.any(PasswordsBusyError)])
    expect(describeFault(gateway.faults[0])).toMatchObject({
      message: 'Too many passwords wait to be hashed.',
    })
  })
})
