import { describe, expect, it } from 'vitest'
import { parseAnnouncement } from '../../src/store/announcements.ts'

const time = '2026-01-01T00:00:00.000Z'
const revocation = { kind: 'key', subject: 'k', cutoff: time, createdAt: time, expiresAt: time }

describe('an announcement', () => {
  it('is what an instance wrote', () => {
    const at = new Date(time)
    expect(parseAnnouncement(JSON.stringify({ type: 'revocation', revocation }))).toEqual({
      type: 'revocation',
      revocation: { kind: 'key', subject: 'k', cutoff: at, createdAt: at, expiresAt: at },
    })
    expect(parseAnnouncement('{"type":"key","id":"k"}')).toEqual({ type: 'key', id: 'k' })
  })

  // Thrown at, the connection that hears them would end the process: of every instance at once.
  it.each([
    '',
    'null',
    '5',
    '"revocation"',
    '[]',
    '{}',
    '{"type":"later"}',
    '{"type":"revocation"}',
    '{"type":"revocation","revocation":null}',
    JSON.stringify({ type: 'revocation', revocation: { ...revocation, kind: 'world' } }),
    JSON.stringify({ type: 'revocation', revocation: { ...revocation, subject: 5 } }),
    JSON.stringify({ type: 'revocation', revocation: { ...revocation, cutoff: 'now-ish' } }),
    JSON.stringify({ type: 'revocation', revocation: { ...revocation, expiresAt: undefined } }),
  ])('is none where another application says %s on the channel', (payload) => {
    expect(parseAnnouncement(payload)).toBeUndefined()
  })
})
